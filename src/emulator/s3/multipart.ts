import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { type ChecksumName, compositeChecksum, hasher, requiredChecksumName } from "./checksums.ts";
import { writeCondition } from "./conditions.ts";
import { incoming, objectBytesMax, readSmallBody } from "./incoming.ts";
import { type ObjectFacts, readPieces, writeObjectFile } from "./object-file.ts";
import { store } from "./object-put.ts";
import type { S3Context, S3Operation } from "./operation.ts";
import { checksumHeaders, quoted, type Reply } from "./reply.ts";
import { integerIn, keptHeaders, type S3Request } from "./request.ts";
import { invalidArgument, S3Error } from "./s3-error.ts";
import { type RequestedPart, requestedParts, type Upload } from "./uploads.ts";
import { toXml } from "./xml.ts";

const partsMax = 10_000;
const partBytesMin = 5 * 1024 * 1024;
const bodyBytesMax = 4 * 1024 * 1024;

/** CreateMultipartUpload. */
export const createMultipartUpload: S3Operation = (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const algorithm = request.header("x-amz-checksum-algorithm");
  const name = algorithm === undefined ? undefined : requiredChecksumName(algorithm);
  const { id } = bucket.uploads.begin({
    key: request.key,
    headers: keptHeaders(request),
    startedMs: Date.now(),
    ...(name && { checksum: { name, type: checksumType(request, name) } }),
  });
  const xml = toXml("InitiateMultipartUploadResult", {
    Bucket: request.bucket,
    Key: request.key,
    UploadId: id,
  });
  return { status: 200, xml };
};

/** UploadPart; a part sent again replaces the earlier one. */
export const uploadPart: S3Operation = async (context, request) => {
  const { uploads } = context.root.bucket(request.bucket);
  const upload = uploads.find(request.query.get("uploadId") ?? "", request.key);
  const number = integerIn(request.query, "partNumber", { min: 1, max: partsMax, fallback: 0 });
  if (number === 0) throw invalidArgument("partNumber is missing.");
  const body = incoming(request, context.onBytesIn);
  const path = context.root.temporaryPath();
  const factsAfter = (): ObjectFacts => {
    const { size, md5, checksum } = body.facts();
    const base = { key: upload.id, size, etag: md5, modifiedMs: Date.now(), headers: {} };
    return { ...base, ...(checksum && { checksum }) };
  };
  const facts = await writeObjectFile(path, body.bytes, factsAfter, context.fsync);
  try {
    uploads.publishPart(upload, number, path, facts);
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  }
  return { status: 200, headers: { etag: quoted(facts.etag), ...partChecksum(facts) } };
};

/** CompleteMultipartUpload: the named parts in a row become one object. */
export const completeMultipartUpload: S3Operation = async (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const condition = writeCondition(request.header);
  const id = request.query.get("uploadId") ?? "";
  const body = await readSmallBody(request, bodyBytesMax, context.onBytesIn);
  const earlier = bucket.uploads.outcomeOf(id, request.key);
  if (earlier !== undefined) return completed(request, earlier);
  const upload = bucket.uploads.find(id, request.key);
  const parts = chosenParts(upload, requestedParts(body));
  condition(bucket.facts(request.key));
  const size = parts.reduce((total, { facts }) => total + facts.size, 0);
  const wanted = upload.plan.checksum;
  const whole = wanted?.type === "FULL_OBJECT" ? hasher(wanted.name) : undefined;
  const checksum = () => {
    if (wanted === undefined) return undefined;
    if (whole !== undefined) return { ...wanted, base64: whole.base64() };
    const each = parts.map(({ facts }) => facts.checksum);
    if (each.some((part) => part?.name !== wanted.name)) return undefined;
    return compositeChecksum(
      wanted.name,
      each.map((part) => part!.base64),
    );
  };
  const facts = await store(context, bucket, joined(parts, whole), condition, () => {
    const sum = checksum();
    if (sum !== undefined) checkWhole(request, sum.name, sum.base64);
    return {
      key: request.key,
      size,
      etag: joinedEtag(parts),
      modifiedMs: Date.now(),
      headers: upload.plan.headers,
      ...(sum && { checksum: sum }),
    };
  });
  bucket.uploads.finished(id, facts);
  await bucket.uploads.discard(upload);
  return completed(request, facts);
};

/** AbortMultipartUpload. */
export const abortMultipartUpload: S3Operation = async (context, request) => {
  const { uploads } = context.root.bucket(request.bucket);
  await uploads.discard(uploads.find(request.query.get("uploadId") ?? "", request.key));
  return { status: 204 };
};

/** ListParts, in the order of their numbers. */
export const listParts: S3Operation = (context: S3Context, request: S3Request) => {
  const { query } = request;
  const { uploads } = context.root.bucket(request.bucket);
  const upload = uploads.find(query.get("uploadId") ?? "", request.key);
  const maxParts = integerIn(query, "max-parts", { min: 0, max: 2 ** 31 - 1, fallback: 1000 });
  const marker = integerIn(query, "part-number-marker", { min: 0, max: 2 ** 31, fallback: 0 });
  const after = [...upload.parts].filter(([number]) => number > marker).sort(([a], [b]) => a - b);
  const page = after.slice(0, Math.min(1000, maxParts));
  const xml = toXml("ListPartsResult", {
    Bucket: request.bucket,
    Key: request.key,
    UploadId: upload.id,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
    MaxParts: maxParts,
    IsTruncated: page.length < after.length,
    StorageClass: "STANDARD",
    Part: page.map(([number, facts]) => ({
      PartNumber: number,
      LastModified: new Date(facts.modifiedMs).toISOString(),
      ETag: quoted(facts.etag),
      Size: facts.size,
      ...(facts.checksum && {
        [`Checksum${facts.checksum.name.toUpperCase()}`]: facts.checksum.base64,
      }),
    })),
  });
  return { status: 200, xml };
};

interface ChosenPart {
  readonly path: string;
  readonly facts: ObjectFacts;
}

function chosenParts(upload: Upload, requested: readonly RequestedPart[]): ChosenPart[] {
  let total = 0;
  return requested.map(({ number, etag, checksums }, place) => {
    const facts = upload.parts.get(number);
    const stored = facts?.checksum;
    const differs =
      stored !== undefined && (checksums[stored.name] ?? stored.base64) !== stored.base64;
    if (facts === undefined || facts.etag !== etag || differs)
      throw new S3Error(400, "InvalidPart", `Part ${number} was not found or does not match.`);
    if (facts.size < partBytesMin && place < requested.length - 1)
      throw new S3Error(400, "EntityTooSmall", `Part ${number} is smaller than 5 MiB.`);
    total += facts.size;
    if (total > objectBytesMax)
      throw new S3Error(400, "EntityTooLarge", "The parts exceed the maximum of 5 GiB.");
    return { path: upload.partPath(number), facts };
  });
}

/** A part that is replaced meanwhile shows by its MD5, and the completion fails. */
async function* joined(
  parts: readonly ChosenPart[],
  whole: { update(bytes: Uint8Array): void } | undefined,
): AsyncGenerator<Buffer> {
  for (const { path, facts } of parts) {
    const md5 = createHash("md5");
    const file = await open(path, "r");
    try {
      for await (const piece of readPieces(file, 0, facts.size)) {
        md5.update(piece);
        whole?.update(piece);
        yield piece;
      }
    } finally {
      await file.close();
    }
    if (md5.digest("hex") !== facts.etag)
      throw new S3Error(400, "InvalidPart", "A part was replaced while the upload completed.");
  }
}

function joinedEtag(parts: readonly ChosenPart[]): string {
  const md5 = createHash("md5");
  for (const { facts } of parts) md5.update(Buffer.from(facts.etag, "hex"));
  return `${md5.digest("hex")}-${parts.length}`;
}

function checksumType(request: S3Request, name: ChecksumName) {
  const type = request.header("x-amz-checksum-type")?.toUpperCase();
  if (type === "FULL_OBJECT" || type === "COMPOSITE") return type;
  if (type !== undefined) throw invalidArgument(`Unknown checksum type ${type}.`);
  return name === "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE";
}

/** The completion may name the whole object's checksum. */
function checkWhole(request: S3Request, name: ChecksumName, base64: string): void {
  const wanted = request.header(`x-amz-checksum-${name}`);
  if (wanted !== undefined && wanted.replace(/-\d+$/, "") !== base64.replace(/-\d+$/, ""))
    throw new S3Error(400, "BadDigest", `The ${name} you specified did not match the parts'.`);
}

function partChecksum(facts: ObjectFacts): Record<string, string> {
  const { "x-amz-checksum-type": _, ...headers } = checksumHeaders(facts);
  return headers;
}

function completed(request: S3Request, facts: ObjectFacts): Reply {
  const xml = toXml("CompleteMultipartUploadResult", {
    Location: request.path,
    Bucket: request.bucket,
    Key: request.key,
    ETag: quoted(facts.etag),
    ...(facts.checksum && {
      [`Checksum${facts.checksum.name.toUpperCase()}`]: facts.checksum.base64,
      ChecksumType: facts.checksum.type,
    }),
  });
  return { status: 200, xml };
}
