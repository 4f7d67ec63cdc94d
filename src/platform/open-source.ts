import { openLocal } from "../data/sources/local-source.ts";
import type { Source } from "../data/sources/source.ts";

/** A local path or an `s3://bucket/key`, as a source of bytes. */
export async function openDataSource(source: string): Promise<Source> {
  if (!source.startsWith("s3://")) return openLocal(source);
  const { openS3 } = await import("../storage/s3-source.ts");
  return openS3(source);
}
