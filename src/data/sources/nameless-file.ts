import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert } from "../../core/errors.ts";

/** A file whose name is gone already: the system frees it even when this process is killed. */
export async function namelessFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-spool-"));
  try {
    return await open(join(folder, "rows"), "wx+", 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes all bytes at a position. */
export async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let at = 0;
  while (at < bytes.length)
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

/** Fills all of `bytes` from a position on, where so much was written before. */
export async function readAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at);
    assert(bytesRead > 0, "a spool holds what was appended to it");
    at += bytesRead;
  }
}
