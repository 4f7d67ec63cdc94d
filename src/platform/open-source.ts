import { listLocal } from "../data/sources/local-files.ts";
import { openLocal } from "../data/sources/local-source.ts";
import type { Source, SourceFile, SourceOpener } from "../data/sources/source.ts";

/** A local path or an `s3://bucket/key`, as a source of bytes; folders and patterns as several. */
export const openDataSource: SourceOpener = Object.assign(open, { list });

async function open(source: string): Promise<Source> {
  if (!source.startsWith("s3://")) return openLocal(source);
  const { openS3 } = await import("../storage/s3-source.ts");
  return openS3(source);
}

async function list(source: string): Promise<readonly SourceFile[]> {
  if (!source.startsWith("s3://")) return listLocal(source);
  const { listS3 } = await import("../storage/s3-source.ts");
  return listS3(source);
}
