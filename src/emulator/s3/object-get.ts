import { readCondition } from "./conditions.ts";
import type { S3Operation } from "./operation.ts";
import { checksumHeaders, describing, quoted } from "./reply.ts";
import type { S3Request } from "./request.ts";
import { noSuchKey, S3Error } from "./s3-error.ts";

/** GetObject, whole or one range. */
export const getObject: S3Operation = async (context, request) => {
  const { file, facts } = await context.root.bucket(request.bucket).open(request.key);
  try {
    if (readCondition(request.header, facts) === "unchanged") {
      await file.close();
      return { status: 304, headers: { etag: quoted(facts.etag) } };
    }
    const range = readRange(request.header("range"), facts.size);
    const headers = { ...describing(facts), ...overrides(request) };
    const { from, to } = range ?? { from: 0, to: facts.size };
    headers["content-length"] = String(to - from);
    if (range !== undefined) headers["content-range"] = `bytes ${from}-${to - 1}/${facts.size}`;
    else if (wantsChecksum(request)) Object.assign(headers, checksumHeaders(facts));
    return { status: range === undefined ? 200 : 206, headers, stretch: { file, from, to } };
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
};

/** HeadObject: the same headers without the bytes. */
export const headObject: S3Operation = (context, request) => {
  const facts = context.root.bucket(request.bucket).facts(request.key);
  if (facts === undefined) throw noSuchKey();
  if (readCondition(request.header, facts) === "unchanged")
    return { status: 304, headers: { etag: quoted(facts.etag) } };
  const range = readRange(request.header("range"), facts.size);
  const headers = { ...describing(facts), ...overrides(request) };
  const { from, to } = range ?? { from: 0, to: facts.size };
  headers["content-length"] = String(to - from);
  if (range !== undefined) headers["content-range"] = `bytes ${from}-${to - 1}/${facts.size}`;
  else if (wantsChecksum(request)) Object.assign(headers, checksumHeaders(facts));
  return { status: range === undefined ? 200 : 206, headers };
};

/** `to` is exclusive. Several ranges or a malformed one mean the whole object, as in S3. */
export function readRange(
  header: string | undefined,
  size: number,
): { from: number; to: number } | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  const suffix = match[1] === "";
  const first = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (!suffix && match[2] !== "" && Number(match[2]) < first) return undefined;
  if (first >= size)
    throw new S3Error(416, "InvalidRange", "The requested range is not satisfiable.", {
      "content-range": `bytes */${size}`,
    });
  return { from: first, to: last + 1 };
}

function wantsChecksum(request: S3Request): boolean {
  return request.header("x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
}

/** A presigned address may choose how the object is served. */
function overrides(request: S3Request): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const name of served) {
    const value = request.query.get(`response-${name}`);
    if (value !== null && !/[\r\n\0]/.test(value))
      // Node writes headers as Latin-1: so these come out as the UTF-8 that was asked for.
      chosen[name] = Buffer.from(value).toString("latin1");
  }
  return chosen;
}

const served = [
  "content-type",
  "content-language",
  "content-disposition",
  "content-encoding",
  "cache-control",
  "expires",
] as const;
