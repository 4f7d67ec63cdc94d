import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { ownFile } from "../../core/own-files.ts";
import type { Checksum } from "./checksums.ts";

/** All that is known of an object besides its bytes. Plain data. */
export interface ObjectFacts {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedMs: number;
  /** Content headers and `x-amz-meta-…`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum?: Checksum;
  /** Of an object that came in parts. */
  readonly parts?: readonly PartFacts[];
  readonly tags?: Readonly<Record<string, string>>;
  /** Where it is another one than the usual. */
  readonly storageClass?: string;
}

export interface PartFacts {
  readonly size: number;
  /** In base64, where parts have checksums of their own. */
  readonly checksum?: string;
}

/**
 * One file is one object: its bytes, then its facts as JSON, then a tail of 16 bytes (length and
 * CRC-32 of the JSON, a mark). So a single rename publishes bytes and facts together, and a file
 * that was cut short is known by its tail.
 */
const mark = Buffer.from("kofnobj1");
const tailBytes = 16;
/** Ten thousand parts, each with its size and a checksum. */
const factsBytesMax = 2 * 1024 * 1024;
const writeBytes = 1024 * 1024;

/** Keys are hashed: no key, whatever it holds, can name a path. */
export function fileNameOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/**
 * Streams `body` into a new file at `path`, then asks for the facts and appends them. A failure
 * removes the file. Returns the facts.
 */
export async function writeObjectFile(
  path: string,
  body: AsyncIterable<Uint8Array>,
  factsAfter: () => ObjectFacts,
  fsync: boolean,
): Promise<ObjectFacts> {
  const file = await open(path, "wx", ownFile);
  try {
    const sink = batches(file);
    try {
      for await (const bytes of body) await sink.add(bytes);
      const facts = factsAfter();
      await sink.add(encodeTail(facts));
      await sink.end();
      if (fsync) await file.datasync();
      return facts;
    } finally {
      await sink.idle();
      await file.close();
    }
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  }
}

/** The facts at the end of a file's bytes, or undefined where they are not a complete object. */
export function factsOf(whole: Uint8Array): ObjectFacts | undefined {
  const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
  const tail = bytes.subarray(-tailBytes);
  if (tail.length < tailBytes || !tail.subarray(8).equals(mark)) return undefined;
  const length = tail.readUInt32LE(0);
  if (length > factsBytesMax || length + tailBytes > bytes.length) return undefined;
  const end = bytes.length - tailBytes;
  const json = bytes.subarray(end - length, end);
  if (crc32(json) !== tail.readUInt32LE(4)) return undefined;
  const facts = JSON.parse(json.toString()) as ObjectFacts;
  return facts.size === end - length ? facts : undefined;
}

/** The facts at the end of a file, or undefined where it is not a complete object. */
export function readFactsSync(path: string): ObjectFacts | undefined {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const guess = Buffer.alloc(Math.min(size, 2048));
    readSync(file, guess, 0, guess.length, size - guess.length);
    const tail = guess.subarray(-tailBytes);
    if (tail.length < tailBytes || !tail.subarray(8).equals(mark)) return undefined;
    const length = tail.readUInt32LE(0);
    if (length > factsBytesMax || length + tailBytes > size) return undefined;
    const json = Buffer.alloc(length);
    readSync(file, json, 0, length, size - tailBytes - length);
    if (crc32(json) !== tail.readUInt32LE(4)) return undefined;
    const facts = JSON.parse(json.toString()) as ObjectFacts;
    return facts.size + length + tailBytes === size ? facts : undefined;
  } finally {
    closeSync(file);
  }
}

/** The bytes `from` to `to` (exclusive) of an open object, in pieces of a megabyte. */
export async function* readPieces(
  file: FileHandle,
  from: number,
  to: number,
): AsyncGenerator<Buffer> {
  for (let at = from; at < to; ) {
    const piece = Buffer.allocUnsafe(Math.min(writeBytes, to - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) throw new Error(`an object's file ends at ${at} of ${to} bytes`);
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** What stands after an object's bytes in its file. */
export function encodeTail(facts: ObjectFacts): Buffer {
  const json = Buffer.from(JSON.stringify(facts));
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(json.length, 0);
  tail.writeUInt32LE(crc32(json), 4);
  return Buffer.concat([json, tail, mark]);
}

/** Gathers small pieces and keeps one write under way while the next megabyte comes in. */
function batches(file: FileHandle) {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  // A write's failure waits here as a value until somebody looks, so it is never unhandled.
  let underWay: Promise<unknown> = Promise.resolve(undefined);
  const settle = async () => {
    const failure = await underWay;
    if (failure !== undefined) throw failure;
  };
  const flush = async () => {
    await settle();
    const bytes = held.length === 1 ? held[0]! : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    underWay = writeAll(file, bytes).then(
      () => undefined,
      (failure: unknown) => failure,
    );
  };
  return {
    async add(bytes: Uint8Array): Promise<void> {
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes >= writeBytes) await flush();
    },
    async end(): Promise<void> {
      if (heldBytes > 0) await flush();
      await settle();
    },
    idle: async (): Promise<void> => void (await underWay),
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}
