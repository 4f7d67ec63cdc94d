import { RunError } from "../core/errors.ts";
import { listLocal } from "../data/sources/local-files.ts";
import { openLocal } from "../data/sources/local-source.ts";
import type { Source, SourceFile, SourceOpener } from "../data/sources/source.ts";

/**
 * A local path, an `s3://bucket/key`, an `https://` address or a hub's data set (`hf://`), as a
 * source of bytes; folders, patterns and data sets as several.
 */
export const openDataSource: SourceOpener = Object.assign(open, { list });

/** The same, and what each source beyond this machine is now: by its name, its content's. */
export function pinningOpener(pins: Map<string, string>): SourceOpener {
  const openPinned = async (address: string): Promise<Source> => {
    const source = await open(address);
    if (isRemote(address)) pins.set(source.name, await source.identity());
    return source;
  };
  return Object.assign(openPinned, { list });
}

export type OnSource = (name: string, sizeBytes: number) => void;

/** The same, and `onSource` hears of each source that is opened. */
export function tellingOpener(inner: SourceOpener, onSource: OnSource | undefined): SourceOpener {
  if (onSource === undefined) return inner;
  const openTold = async (address: string): Promise<Source> => {
    const source = await inner(address);
    onSource(source.name, source.sizeBytes);
    return source;
  };
  return Object.assign(openTold, inner.list === undefined ? {} : { list: inner.list });
}

function isRemote(source: string): boolean {
  return /^[a-z0-9]+:\/\//i.test(source);
}

async function open(source: string): Promise<Source> {
  if (source.startsWith("s3://")) {
    const { openS3 } = await import("../storage/s3-source.ts");
    return openS3(source);
  }
  if (source.startsWith("hf://")) {
    const { openHub } = await import("../data/sources/web/hugging-face.ts");
    return openHub(source);
  }
  if (!isRemote(source)) return openLocal(source);
  const { openHttps } = await import("../data/sources/web/https-source.ts");
  return openHttps(source);
}

async function list(source: string): Promise<readonly SourceFile[]> {
  if (source.startsWith("s3://")) {
    const { listS3 } = await import("../storage/s3-source.ts");
    return listS3(source);
  }
  if (source.startsWith("hf://")) {
    const { listHub } = await import("../data/sources/web/hugging-face.ts");
    return listHub(source);
  }
  if (!isRemote(source)) return listLocal(source);
  if (source.includes("*"))
    throw new RunError("bad-address", `${source}: a web server does not list its files`, {
      hint: "name them one by one: data.source takes a list",
    });
  return [{ source, partition: {} }];
}
