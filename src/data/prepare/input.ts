import { RunError } from "../../core/errors.ts";
import { unzip } from "../formats/archive.ts";
import { type Format, formatOf, openTable } from "../formats/formats.ts";
import { hasIndexZero } from "../formats/libsvm.ts";
import type { Input } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
import type { Source, SourceOpener } from "../sources/source.ts";
import { generatedInput } from "./generated.ts";

/** The input that options name. */
export async function openInput(options: DataOptions, open: SourceOpener): Promise<Input> {
  if (options.generate !== undefined) return generatedInput(options.generate);
  const unzipped = await unzip(await open(options.source ?? ""));
  const { source } = unzipped;
  const format: Format = await formatOf(source, options.format);
  const targets = (await targetsOf(options, format, open)) ?? unzipped.targets;
  return {
    name: source.name,
    format,
    isSparse: format === "libsvm",
    hasTargets: targets !== null,
    sizeBytes: source.sizeBytes,
    identity: async () =>
      targets === null
        ? source.identity()
        : `${await source.identity()} ${await targets.identity()}`,
    ...(format === "libsvm" ? { hasIndexZero: () => hasIndexZero(source) } : {}),
    table: (layout, onBytes, zeroBased = options.zeroBased === true) => {
      const reading = { ...options, zeroBased };
      return openTable(counted(source, onBytes), targets, format, reading, layout);
    },
  };
}

async function targetsOf(
  { targetSource }: DataOptions,
  format: Format,
  open: SourceOpener,
): Promise<Source | null> {
  if (targetSource === undefined) return null;
  if (format === "npy") return open(targetSource);
  throw new RunError(
    "bad-option",
    `data.targetSource: ${targetSource}, but the data are ${format}`,
    {
      hint: "it is for NPY data; name the target's column by data.target instead",
    },
  );
}

/** The same source, telling how many bytes went by; what is read twice is told twice. */
function counted(source: Source, onBytes: (bytes: number) => void): Source {
  return {
    ...source,
    async *bytes() {
      for await (const chunk of source.bytes()) {
        onBytes(chunk.length);
        yield chunk;
      }
    },
    async range(from, to) {
      onBytes(to - from);
      return source.range(from, to);
    },
  };
}

/** Options for an archive of arrays: it names its target as a file of targets does. */
export function withTarget(options: DataOptions, { hasTargets }: Input): DataOptions {
  if (hasTargets !== true || options.target !== undefined) return options;
  return { ...options, target: "target" };
}

/**
 * Whether indices of sparse rows count from 0: as stated, else where a 0 stands among them, in
 * either file. A private run learns nothing from its rows.
 */
export async function countsFromZero(
  { zeroBased = "auto" }: DataOptions,
  isPrivate: boolean,
  train: Input,
  test: Input | null,
): Promise<boolean> {
  if (zeroBased !== "auto") return zeroBased;
  if (isPrivate) return false;
  return (await train.hasIndexZero?.()) === true || (await test?.hasIndexZero?.()) === true;
}
