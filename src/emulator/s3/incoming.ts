import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  type Checksum,
  type ChecksumName,
  checkForm,
  checksumNames,
  hasher,
  requiredChecksumName,
} from "./checksums.ts";
import { type Trailers, trailingChecksum, unchunked } from "./chunked.ts";
import type { S3Context } from "./operation.ts";
import type { S3Request } from "./request.ts";
import { badDigest, invalidArgument, S3Error } from "./s3-error.ts";

export const objectBytesMax = 5 * 1024 ** 3;

/** Who a body is for: counts what comes over the wire, and knows how it is signed. */
type Receiver = Pick<S3Context, "onBytesIn" | "access">;

/** A body that is checked while it streams by. `facts` holds once `bytes` has ended well. */
export interface Incoming {
  readonly bytes: AsyncIterable<Buffer>;
  facts(): { size: number; md5: string; checksum?: Checksum };
}

/**
 * The data of a request's body: chunk framing removed, its length, Content-MD5, SHA-256 and
 * checksum compared with what the headers and trailers say; a mismatch throws at the end of the
 * stream, before anything is published. Without a checksum of the sender's the body is given that
 * of `fallback`; with `"of the object"`, headers tell of something else than the body.
 */
export function incoming(
  request: S3Request,
  context: Receiver,
  fallback?: ChecksumName | "of the object",
): Incoming {
  const chunked = isChunked(request);
  const expected = expectedBytes(request, chunked);
  const signatures = isSignedInChunks(request) ? context.access.chunks() : undefined;
  const isOfBody = fallback !== "of the object";
  const announced = isOfBody ? announcedChecksum(request) : undefined;
  const trailerName = isOfBody ? request.header("x-amz-trailer") : undefined;
  const usual = isOfBody ? fallback : undefined;
  const name = announced?.name ?? (trailerName === undefined ? usual : nameOfTrailer(trailerName));
  const checksumHash = name === undefined ? undefined : hasher(name);
  const payloadSha = /^[0-9a-f]{64}$/.exec(request.header("x-amz-content-sha256") ?? "")?.[0];
  const sha256 = payloadSha === undefined ? undefined : createHash("sha256");
  const md5 = createHash("md5");
  const wantedMd5 = announcedMd5(request);
  const trailers: Trailers = new Map();
  let size = 0;
  let facts: ReturnType<Incoming["facts"]> | undefined;
  const finish = () => {
    if (size !== expected) throw incompleteBody(size, expected);
    const digest = md5.digest();
    if (wantedMd5 !== undefined && wantedMd5 !== digest.toString("base64"))
      throw badDigest("Content-MD5");
    if (sha256 !== undefined && sha256.digest("hex") !== payloadSha) throw shaMismatch();
    facts = { size, md5: digest.toString("hex") };
    if (checksumHash === undefined || name === undefined) return;
    const base64 = checksumHash.base64();
    const wanted = announced ?? trailingChecksum(trailers);
    if (wanted === undefined && trailerName !== undefined)
      throw new S3Error(400, "MalformedTrailerError", "No checksum came.");
    if (wanted !== undefined && (wanted.name !== name || wanted.base64 !== base64))
      throw badDigest(name.toUpperCase());
    facts = { ...facts, checksum: { name, base64, type: "FULL_OBJECT" } };
  };
  async function* bytes(): AsyncGenerator<Buffer> {
    const raw = counted(request.message, context.onBytesIn);
    for await (const piece of chunked ? unchunked(raw, trailers, signatures) : raw) {
      size += piece.length;
      if (size > expected) throw incompleteBody(size, expected);
      md5.update(piece);
      sha256?.update(piece);
      checksumHash?.update(piece);
      yield piece;
    }
    finish();
  }
  return {
    bytes: bytes(),
    facts: () => {
      if (facts === undefined) throw new Error("broken promise: facts are read after the body");
      return facts;
    },
  };
}

/** A whole small body, such as XML; longer than `bytesMax` is refused. */
export async function readSmallBody(
  request: S3Request,
  bytesMax: number,
  context: Receiver,
  checksum?: "of the object",
): Promise<string> {
  const length = request.header("content-length");
  if (
    length === undefined &&
    !isChunked(request) &&
    request.header("transfer-encoding") === undefined
  )
    return "";
  const tooLong = () => new S3Error(400, "MaxMessageLengthExceeded", "Your request was too big.");
  if (Number(length ?? 0) > bytesMax) throw tooLong();
  const pieces: Buffer[] = [];
  const body = incoming(request, context, checksum);
  let size = 0;
  for await (const piece of body.bytes) {
    size += piece.length;
    if (size > bytesMax) throw tooLong();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function isChunked(request: S3Request): boolean {
  const coding = request.header("content-encoding") ?? "";
  const sha = request.header("x-amz-content-sha256") ?? "";
  return sha.startsWith("STREAMING-") || /(^|,)\s*aws-chunked\s*(,|$)/.test(coding);
}

/** The others that stream say that their chunks are not signed. */
function isSignedInChunks(request: S3Request): boolean {
  return (request.header("x-amz-content-sha256") ?? "").startsWith("STREAMING-AWS4-HMAC-SHA256-");
}

function announcedMd5(request: S3Request): string | undefined {
  const header = request.header("content-md5");
  const isDigest = header === undefined || Buffer.from(header, "base64").length === 16;
  if (isDigest) return header;
  throw new S3Error(400, "InvalidDigest", "The Content-MD5 you specified was invalid.");
}

function expectedBytes(request: S3Request, chunked: boolean): number {
  const text = request.header(chunked ? "x-amz-decoded-content-length" : "content-length");
  if (text === undefined)
    throw new S3Error(411, "MissingContentLength", "You must provide the Content-Length header.");
  const length = Number(text);
  if (!/^\d{1,15}$/.test(text)) throw invalidArgument(`Malformed content length ${text}.`);
  if (length > objectBytesMax)
    throw new S3Error(400, "EntityTooLarge", "Your upload exceeds the maximum of 5 GiB.");
  return length;
}

function announcedChecksum(request: S3Request): { name: ChecksumName; base64: string } | undefined {
  const headers = checksumNames.flatMap((name) => {
    const base64 = request.header(`x-amz-checksum-${name}`);
    return base64 === undefined ? [] : [{ name, base64 }];
  });
  if (headers.length > 1)
    throw new S3Error(400, "InvalidRequest", "Expecting a single x-amz-checksum- header.");
  for (const { name, base64 } of headers) checkForm(name, base64);
  const isPromised = request.header("x-amz-sdk-checksum-algorithm") !== undefined;
  if (isPromised && headers.length === 0 && request.header("x-amz-trailer") === undefined)
    throw new S3Error(
      400,
      "InvalidRequest",
      "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or " +
        "x-amz-trailer headers were found.",
    );
  return headers[0];
}

function nameOfTrailer(header: string): ChecksumName {
  return requiredChecksumName(header.trim().toLowerCase().replace("x-amz-checksum-", ""));
}

async function* counted(message: IncomingMessage, onBytes: (count: number) => void) {
  // Not destroyed on an early end: the reason still has to be told over the same connection.
  const pieces = message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const piece of pieces) {
    onBytes(piece.length);
    yield piece;
  }
}

function incompleteBody(size: number, expected: number): S3Error {
  const came = size > expected ? "more" : `${size}`;
  const message = `The body should hold ${expected} bytes, but ${came} came.`;
  return new S3Error(400, "IncompleteBody", message);
}

function shaMismatch(): S3Error {
  const message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
  return new S3Error(400, "XAmzContentSHA256Mismatch", message);
}
