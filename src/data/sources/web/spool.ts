import { open, read, rmSync, write } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { assert, messageOf, RunError } from "../../../core/errors.ts";

const chunkBytes = 1024 * 1024;
const openFile = promisify(open);
const readSome = promisify(read);
const writeSome = promisify(write);

/** What came, in a file without a name: the system frees it once its descriptor is closed. */
export interface SpooledFile {
  readonly descriptor: number;
  readonly sizeBytes: number;
  bytes(): AsyncGenerator<Uint8Array>;
  range(from: number, to: number): Promise<Uint8Array>;
}

/** Writes all that comes to a temporary file; `onChunk` hears it as well. */
export async function spool(
  body: AsyncIterable<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): Promise<SpooledFile> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-spool-"));
  const descriptor = await openFile(join(folder, "file"), "wx+", 0o600);
  rmSync(folder, { recursive: true, force: true });
  let sizeBytes = 0;
  try {
    for await (const chunk of body) {
      onChunk(chunk);
      for (let at = 0; at < chunk.length; ) {
        const left = chunk.length - at;
        const { bytesWritten } = await writeSome(descriptor, chunk, at, left, sizeBytes + at);
        at += bytesWritten;
      }
      sizeBytes += chunk.length;
    }
  } catch (thrown) {
    if (thrown instanceof RunError) throw thrown;
    throw new RunError("unreadable-address", `a download broke off: ${messageOf(thrown)}`, {
      hint: "try again, or download the file",
      cause: thrown,
    });
  }
  const range = async (from: number, to: number) => {
    const bytes = new Uint8Array(Math.max(0, to - from));
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await readSome(descriptor, bytes, at, bytes.length - at, from + at);
      assert(bytesRead > 0, "a spool holds what came");
      at += bytesRead;
    }
    return bytes;
  };
  return {
    descriptor,
    sizeBytes,
    range,
    async *bytes() {
      for (let at = 0; at < sizeBytes; at += chunkBytes)
        yield await range(at, Math.min(sizeBytes, at + chunkBytes));
    },
  };
}
