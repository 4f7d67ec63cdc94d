import { readCondition } from "./conditions.ts";
import type { ObjectFacts } from "./object-file.ts";
import type { S3Operation } from "./operation.ts";
import { checksumHeaders, describing, quoted } from "./reply.ts";
import { integerIn, type S3Request } from "./request.ts";
import { noSuchKey, S3Error } from "./s3-error.ts";

/** GetObject: whole, one range, or one part. */
export const getObject: S3Operation = async (context, request) => {
  const { file, facts } = await context.root.bucket(request.bucket).open(request.key);
  try {
    const { stretch, ...reply } = description(request, facts);
    if (reply.status !== 304) return { ...reply, stretch: { file, ...stretch } };
    await file.close();
    return reply;
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
};

/** HeadObject: the same headers without the bytes. */
export const headObject: S3Operation = (context, request) => {
  const facts = context.root.bucket(request.bucket).facts(request.key);
  if (facts === undefined) throw noSuchKey(request.key);
  const { stretch: _, ...reply } = description(request, facts);
  return reply;
};

/** The bytes from `from` to before `to`. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

interface Described {
  readonly status: 200 | 206 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly stretch: Stretch;
}

/** What is answered to a read before its bytes. Throws `S3Error`. */
function description(request: S3Request, facts: ObjectFacts): Described {
  const whole = { from: 0, to: facts.size };
  if (readCondition(request.header, facts) === "unchanged")
    return { status: 304, headers: { etag: quoted(facts.etag) }, stretch: whole };
  const part = partOf(request, facts);
  const range = part ?? readRange(request.header("range"), facts.size);
  const stretch = range ?? whole;
  const { from, to } = stretch;
  const isPart = range !== undefined;
  return {
    status: isPart ? 206 : 200,
    headers: {
      ...describing(facts),
      ...overrides(request),
      "content-length": String(to - from),
      ...(isPart && to > from && { "content-range": `bytes ${from}-${to - 1}/${facts.size}` }),
      ...part?.headers,
      ...(wantsChecksum(request) && (part?.checksum ?? (isPart ? {} : checksumHeaders(facts)))),
    },
    stretch: { from, to },
  };
}

interface ObjectPart extends Stretch {
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: Readonly<Record<string, string>>;
}

/** The part that a read asks for; an object that came in one piece is its own first part. */
function partOf(request: S3Request, facts: ObjectFacts): ObjectPart | undefined {
  if (!request.query.has("partNumber")) return undefined;
  if (request.header("range") !== undefined)
    throw new S3Error(
      400,
      "InvalidRequest",
      "Cannot specify both Range header and partNumber query parameter",
    );
  const bounds = { min: 1, max: 10_000, fallback: 1 };
  const number = integerIn(request.query, "partNumber", bounds);
  const parts = facts.parts ?? [{ size: facts.size }];
  const one = parts[number - 1];
  if (one === undefined)
    throw new S3Error(416, "InvalidPartNumber", "The requested partnumber is not satisfiable", {
      details: { PartNumberRequested: String(number), ActualPartCount: String(parts.length) },
    });
  const from = parts.slice(0, number - 1).reduce((sum, { size }) => sum + size, 0);
  const { checksum } = facts;
  return {
    ...{ from, to: from + one.size },
    headers: facts.parts ? { "x-amz-mp-parts-count": String(parts.length) } : {},
    checksum:
      one.checksum !== undefined && checksum !== undefined
        ? {
            [`x-amz-checksum-${checksum.name}`]: one.checksum,
            "x-amz-checksum-type": checksum.type,
          }
        : parts.length === 1
          ? checksumHeaders(facts)
          : {},
  };
}

/** `to` is exclusive. Several ranges or a malformed one mean the whole object, as in S3. */
export function readRange(header: string | undefined, size: number): Stretch | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return undefined;
  const suffix = match[1] === "";
  const first = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = suffix || match[2] === "" ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (!suffix && match[2] !== "" && Number(match[2]) < first) return undefined;
  if (first >= size)
    throw new S3Error(416, "InvalidRange", "The requested range is not satisfiable.", {
      details: { ActualObjectSize: String(size), RangeRequested: header?.trim() ?? "" },
      headers: { "content-range": `bytes */${size}` },
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
