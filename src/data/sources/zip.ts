import { pipeline, Readable } from "node:stream";
import { createInflateRaw, inflateRawSync } from "node:zlib";
import { messageOf, RunError } from "../../core/errors.ts";
import type { Source } from "./source.ts";

const chunkBytes = 1024 * 1024;
/** The end record, and a comment of any length behind it. */
const endBytesMax = 22 + 65_535;
/** A packed file of which only a part is wanted is unpacked as a whole. */
const wholeBytesMax = 1024 * 1024 * 1024;
const wide = 0xffff_ffff;

/** A file within a ZIP archive. */
export interface ZipEntry {
  readonly name: string;
  readonly isPacked: boolean;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its own header stands. */
  readonly headerAt: number;
}

/** Whether a file begins as ZIP archives do. */
export function isZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;
}

/** The files in a ZIP archive, folders left out. Throws `RunError` for one that is damaged. */
export async function zipEntries(source: Source): Promise<ZipEntry[]> {
  const tailAt = Math.max(0, source.sizeBytes - endBytesMax);
  const tail = Buffer.from(await source.range(tailAt, source.sizeBytes));
  const endAt = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (endAt < 0 || endAt + 22 > tail.length) throw damaged(source, "its list of files is missing");
  const [bytes, from] = [tail.readUInt32LE(endAt + 12), tail.readUInt32LE(endAt + 16)];
  if (bytes === wide || from === wide) throw tooLarge(source);
  if (from + bytes > source.sizeBytes) throw damaged(source, "its list of files is cut");
  const list = Buffer.from(await source.range(from, from + bytes));
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= list.length; ) {
    if (list.readUInt32LE(at) !== 0x0201_4b50) throw damaged(source, "its list of files is torn");
    const flags = list.readUInt16LE(at + 8);
    const method = list.readUInt16LE(at + 10);
    const [packedBytes, unpackedBytes] = [list.readUInt32LE(at + 20), list.readUInt32LE(at + 24)];
    const nameBytes = list.readUInt16LE(at + 28);
    const name = list.toString("utf8", at + 46, at + 46 + nameBytes);
    const headerAt = list.readUInt32LE(at + 42);
    at += 46 + nameBytes + list.readUInt16LE(at + 30) + list.readUInt16LE(at + 32);
    if (name.endsWith("/")) continue;
    if ([packedBytes, unpackedBytes, headerAt].includes(wide)) throw tooLarge(source);
    if ((flags & 1) === 1 || (method !== 0 && method !== 8))
      throw new RunError("bad-format", `${source.name}: ${name} is packed in a way not read here`, {
        hint: `unpack the archive, and name the file: unzip ${source.name}`,
      });
    entries.push({ name, isPacked: method === 8, packedBytes, bytes: unpackedBytes, headerAt });
  }
  return entries;
}

/** One file of an archive, as a source of its own. */
export async function openZipEntry(source: Source, entry: ZipEntry): Promise<Source> {
  const { headerAt, packedBytes, isPacked, bytes } = entry;
  const header = Buffer.from(await source.range(headerAt, headerAt + 30));
  if (header.readUInt32LE(0) !== 0x0403_4b50) throw damaged(source, `${entry.name} is not there`);
  const from = headerAt + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const to = from + packedBytes;
  if (to > source.sizeBytes) throw damaged(source, `${entry.name} is cut`);
  const name = `${source.name}/${entry.name}`;
  let whole: Uint8Array | null = null;
  const unpack = async () => {
    if (bytes > wholeBytesMax) throw tooLarge(source);
    const packed = await source.range(from, to);
    return unpacked(source, entry.name, () => inflateRawSync(packed, { maxOutputLength: bytes }));
  };
  return {
    name,
    sizeBytes: bytes,
    identity: async () => `${await source.identity()} ${entry.name}`,
    bytes: () =>
      isPacked ? inflatedRange(source, entry.name, from, to) : chunks(source, from, to),
    async range(start, end) {
      if (!isPacked) return source.range(from + start, from + end);
      whole ??= await unpack();
      return whole.slice(start, end);
    },
  };
}

async function* chunks(source: Source, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; at += chunkBytes)
    yield await source.range(at, Math.min(to, at + chunkBytes));
}

async function* inflatedRange(
  source: Source,
  name: string,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  const unpack = createInflateRaw({ chunkSize: 256 * 1024 });
  // The callback is required; the same error reaches the reader below.
  pipeline(Readable.from(chunks(source, from, to)), unpack, () => undefined);
  try {
    for await (const chunk of unpack) yield chunk as Uint8Array;
  } catch (cause) {
    throw unpackingFailed(source, name, cause);
  } finally {
    unpack.destroy();
  }
}

function unpacked(source: Source, name: string, inflate: () => Uint8Array): Uint8Array {
  try {
    return inflate();
  } catch (cause) {
    throw unpackingFailed(source, name, cause);
  }
}

function unpackingFailed(source: Source, name: string, cause: unknown): unknown {
  if (cause instanceof RunError) return cause;
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const isData = code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE";
  return isData ? damaged(source, `${name}: ${messageOf(cause)}`) : cause;
}

function damaged(source: Source, what: string): RunError {
  return new RunError("bad-gzip", `${source.name}: damaged ZIP archive: ${what}`, {
    hint: `copy or download the file again; \`unzip -t ${source.name}\` tells whether it is whole`,
  });
}

function tooLarge(source: Source): RunError {
  return new RunError("bad-format", `${source.name}: a ZIP archive of several gigabytes`, {
    hint: `unpack it, and name the file: unzip ${source.name}`,
  });
}
