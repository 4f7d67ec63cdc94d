import type { IncomingMessage } from "node:http";
import { invalidArgument, S3Error } from "./s3-error.ts";

const keyBytesMax = 1024;
const metadataBytesMax = 2048;

/** A request as S3 understands it: which bucket, which key, what was asked with it. */
export interface S3Request {
  readonly id: string;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** Empty: the service itself. */
  readonly bucket: string;
  /** Empty: the bucket itself. May be any text, `../..` included; never a path of ours. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly message: IncomingMessage;
  header(name: string): string | undefined;
  /** In lower case. */
  headerNames(): Iterable<string>;
}

/**
 * Reads the request line and host. The path is cut as it is, not resolved: `a/../b` and `a//b`
 * are keys of their own. Throws `S3Error` where it is not UTF-8 or too long.
 */
export function readRequest(message: IncomingMessage, id: string): S3Request {
  const url = message.url ?? "/";
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  const host = bucketOfHost(message.headers.host ?? "");
  const rest = path.startsWith("/") ? path.slice(1) : path;
  const slash = rest.indexOf("/");
  const [rawBucket, rawKey] =
    host !== undefined
      ? [host, rest]
      : slash < 0
        ? [rest, ""]
        : [rest.slice(0, slash), rest.slice(slash + 1)];
  const key = decoded(rawKey);
  checkRequestKey(key);
  const query = new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1));
  const moved = movedHeaders(query);
  return {
    id,
    method: message.method ?? "GET",
    path,
    bucket: decoded(rawBucket),
    key,
    query,
    message,
    header: (name) => {
      const value = message.headers[name] ?? moved.get(name);
      return Array.isArray(value) ? value.join(",") : value;
    },
    headerNames: () => new Set([...Object.keys(message.headers), ...moved.keys()]),
  };
}

/**
 * The headers that a presigned address carries as parameters: clients move `x-amz-…` there, so
 * that whoever uses the address need not know of them.
 */
function movedHeaders(query: URLSearchParams): ReadonlyMap<string, string> {
  if (!isPresigned({ query })) return new Map();
  const named = [...query].map(([name, value]) => [name.toLowerCase(), value] as const);
  return new Map(named.filter(([name]) => name.startsWith("x-amz-")));
}

export function isPresigned({ query }: Pick<S3Request, "query">): boolean {
  return query.has("X-Amz-Signature") || query.has("AWSAccessKeyId");
}

export function checkRequestKey(key: string): void {
  if (Buffer.byteLength(key) > keyBytesMax)
    throw new S3Error(400, "KeyTooLongError", `Your key is longer than ${keyBytesMax} bytes.`);
}

/** A whole number in the query, within bounds; `fallback` where it is absent. */
export function integerIn(
  query: URLSearchParams,
  name: string,
  range: { min: number; max: number; fallback: number },
): number {
  const text = query.get(name);
  if (text === null || text === "") return range.fallback;
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value < range.min || value > range.max)
    throw invalidArgument(`${name} must be an integer between ${range.min} and ${range.max}.`);
  return value;
}

/** The headers S3 keeps with an object: the user's own metadata, and how to serve it. */
export function keptHeaders(request: S3Request): Record<string, string> {
  const kept: Record<string, string> = {};
  let metadataBytes = 0;
  for (const name of request.headerNames()) {
    const value = request.header(name) ?? "";
    if (name.startsWith("x-amz-meta-")) {
      metadataBytes += name.length - "x-amz-meta-".length + value.length;
      kept[name] = value;
    } else if (servedHeaders.has(name)) kept[name] = value;
  }
  if (metadataBytes > metadataBytesMax)
    throw new S3Error(400, "MetadataTooLarge", `Metadata exceed ${metadataBytesMax} bytes.`);
  const coding = (kept["content-encoding"] ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "" && part !== "aws-chunked")
    .join(",");
  delete kept["content-encoding"];
  if (coding !== "") kept["content-encoding"] = coding;
  kept["content-type"] ??= "binary/octet-stream";
  return kept;
}

const servedHeaders = new Set([
  "content-type",
  "content-encoding",
  "content-language",
  "content-disposition",
  "cache-control",
  "expires",
]);

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch (cause) {
    throw new S3Error(400, "InvalidURI", "Couldn't parse the specified URI.", { cause });
  }
}

/** `photos.localhost:9000` names a bucket; `localhost`, addresses and other names do not. */
function bucketOfHost(host: string): string | undefined {
  return /^([a-z0-9][a-z0-9.-]*)\.localhost(:\d+)?$/.exec(host.toLowerCase())?.[1];
}
