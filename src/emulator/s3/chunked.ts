import type { ChunkSignatures } from "../iam/chunk-signatures.ts";
import { checksumName } from "./checksums.ts";
import { S3Error } from "./s3-error.ts";

const lineBytesMax = 2048;
const trailersMax = 16;

/** What came after the last chunk of an `aws-chunked` body: `x-amz-checksum-…` and signatures. */
export type Trailers = Map<string, string>;

/**
 * Takes an `aws-chunked` body apart: yields its data, fills `trailers`, checks the signatures of
 * chunks and trailers where the body is signed in pieces. Throws `IncompleteBody` when the body
 * ends early or the framing is broken.
 */
export async function* unchunked(
  source: AsyncIterable<Buffer>,
  trailers: Trailers,
  signatures?: ChunkSignatures,
): AsyncGenerator<Buffer> {
  const reader = lineReader(source);
  for (;;) {
    const line = await reader.line();
    const size = chunkSize(line);
    for await (const piece of size === 0 ? [] : reader.data(size)) {
      signatures?.update(piece);
      yield piece;
    }
    if (signatures?.endsWith(signatureIn(line)) === false) throw wrongSignature();
    if (size === 0) break;
    if ((await reader.line()) !== "") throw incomplete("a chunk is longer than it says");
  }
  for (let count = 0; ; count++) {
    const line = await reader.lineOrEnd();
    if (line === undefined || line === "") break;
    const colon = line.indexOf(":");
    if (colon < 1 || count >= trailersMax) throw incomplete("its trailers are malformed");
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  if ((await reader.lineOrEnd()) !== undefined) throw incomplete("data follow its end");
  if (signatures !== undefined && trailers.size > 0) checkTrailers(trailers, signatures);
}

const trailerSignature = "x-amz-trailer-signature";

function checkTrailers(trailers: Trailers, signatures: ChunkSignatures): void {
  const lines = [...trailers].filter(([name]) => name !== trailerSignature);
  const text = lines.map(([name, value]) => `${name}:${value}\n`).join("");
  if (!signatures.closes(text, trailers.get(trailerSignature) ?? "")) throw wrongSignature();
}

function signatureIn(line: string): string {
  return /;chunk-signature=([0-9a-f]+)$/.exec(line)?.[1] ?? "";
}

function wrongSignature(): S3Error {
  return new S3Error(
    403,
    "SignatureDoesNotMatch",
    "The signature of a chunk, or of what follows the last one, is not what was calculated.",
  );
}

/** The checksum a trailer carries, if any. */
export function trailingChecksum(trailers: Trailers) {
  for (const [header, base64] of trailers) {
    const name = header.startsWith("x-amz-checksum-") ? checksumName(header) : undefined;
    if (name !== undefined) return { name, base64 };
  }
  return undefined;
}

function chunkSize(line: string): number {
  const match = /^([0-9a-fA-F]{1,10})(;[\x20-\x7e]*)?$/.exec(line);
  if (match === null) throw incomplete("a chunk has no size");
  return Number.parseInt(match[1]!, 16);
}

function lineReader(source: AsyncIterable<Buffer>) {
  const iterator = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done === true) return false;
    held = held.length === 0 ? next.value : Buffer.concat([held, next.value]);
    return true;
  };
  const lineOrEnd = async (): Promise<string | undefined> => {
    for (;;) {
      const end = held.indexOf("\r\n");
      if (end >= 0 && end <= lineBytesMax) {
        const line = held.toString("latin1", 0, end);
        held = held.subarray(end + 2);
        return line;
      }
      if (held.length > lineBytesMax) throw incomplete("a line of its framing is too long");
      if (await more()) continue;
      if (held.length === 0) return undefined;
      throw incomplete("it ends inside a line");
    }
  };
  const line = async (): Promise<string> => {
    const line = await lineOrEnd();
    if (line === undefined) throw incomplete("it ends before its last chunk");
    return line;
  };
  async function* data(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (held.length === 0 && !(await more())) throw incomplete("it ends inside a chunk");
      const piece = held.subarray(0, left);
      held = held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }
  return { line, lineOrEnd, data };
}

function incomplete(why: string): S3Error {
  return new S3Error(400, "IncompleteBody", `The aws-chunked body is not complete: ${why}.`);
}
