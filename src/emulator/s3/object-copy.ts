import { createHash } from "node:crypto";
import { directiveOf } from "./arguments.ts";
import { type Attributes, attributesOf } from "./attributes.ts";
import { type ChecksumName, checksumElements, hasher, requiredChecksumName } from "./checksums.ts";
import { copyCondition, writeCondition } from "./conditions.ts";
import { findUpload, type PartBody, putPart } from "./multipart.ts";
import { type ObjectFacts, readPieces } from "./object-file.ts";
import { store } from "./object-put.ts";
import type { S3Context, S3Operation } from "./operation.ts";
import { quoted } from "./reply.ts";
import { checkRequestKey, type S3Request } from "./request.ts";
import { invalidArgument, notImplemented, S3Error } from "./s3-error.ts";
import { toXml } from "./xml.ts";

const directives = ["COPY", "REPLACE"] as const;

/** CopyObject: bytes and, unless replaced, headers and tags of another object. */
export const copyObject: S3Operation = async (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const condition = writeCondition(request.header, request.key);
  const source = await openCopySource(context, request);
  try {
    const attributes = copiedAttributes(request, source);
    copyCondition(request.header, source.facts);
    const algorithm = request.header("x-amz-checksum-algorithm");
    const name = algorithm === undefined ? undefined : requiredChecksumName(algorithm);
    // The checksum of a whole object is its copy's as well; one of parts is not, as it has none.
    const kept = source.facts.checksum?.type === "FULL_OBJECT" ? source.facts.checksum : undefined;
    const sums = name === undefined && kept !== undefined ? undefined : (name ?? "crc64nvme");
    const body = stretchBody(source, { from: 0, to: source.facts.size }, sums);
    const facts = await store(context, bucket, body.bytes, condition, () => {
      const { size, md5, checksum = kept! } = body.facts();
      return {
        ...{ key: request.key, size, etag: md5, modifiedMs: Date.now() },
        ...attributes,
        checksum,
      };
    });
    return { status: 200, xml: toXml("CopyObjectResult", copied(facts)) };
  } finally {
    await source.file.close();
  }
};

function copiedAttributes(request: S3Request, source: Source): Attributes {
  const replaces = directiveOf(request, "x-amz-metadata-directive", directives) === "REPLACE";
  const retags = directiveOf(request, "x-amz-tagging-directive", directives) === "REPLACE";
  const own = attributesOf(request);
  const isOnItself = source.bucket === request.bucket && source.facts.key === request.key;
  const changes = replaces || retags || own.storageClass !== undefined;
  if (isOnItself && !changes)
    throw new S3Error(
      400,
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without " +
        "changing the object's metadata, storage class, website redirect location or " +
        "encryption attributes.",
    );
  const tags = retags ? own.tags : source.facts.tags;
  return {
    headers: replaces ? own.headers : source.facts.headers,
    ...(tags && { tags }),
    ...(own.storageClass && { storageClass: own.storageClass }),
  };
}

/** UploadPartCopy: a part whose bytes are an object's, or a stretch of one. */
export const uploadPartCopy: S3Operation = async (context, request) => {
  const source = await openCopySource(context, request);
  try {
    copyCondition(request.header, source.facts);
    const header = request.header("x-amz-copy-source-range");
    const stretch = stretchOf(header, source.facts.size);
    const planned = findUpload(context, request).plan.checksum?.name;
    const facts = await putPart(context, request, stretchBody(source, stretch, planned));
    return { status: 200, xml: toXml("CopyPartResult", copied(facts)) };
  } finally {
    await source.file.close();
  }
};

/** The bytes of a source from `from` to before `to`, with their MD5 and perhaps a checksum. */
function stretchBody(
  { file }: Source,
  { from, to }: { readonly from: number; readonly to: number },
  name: ChecksumName | undefined,
): PartBody {
  const md5 = createHash("md5");
  const hash = name && hasher(name);
  async function* bytes() {
    for await (const piece of readPieces(file, from, to)) {
      md5.update(piece);
      hash?.update(piece);
      yield piece;
    }
  }
  const facts = () => ({
    ...{ size: to - from, md5: md5.digest("hex") },
    ...(name &&
      hash && { checksum: { name, base64: hash.base64(), type: "FULL_OBJECT" as const } }),
  });
  return { bytes: bytes(), facts };
}

function stretchOf(header: string | undefined, size: number): { from: number; to: number } {
  if (header === undefined) return { from: 0, to: size };
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header.trim());
  const refuse = (message: string) =>
    invalidArgument(message, { ArgumentName: "x-amz-copy-source-range", ArgumentValue: header });
  if (match === null)
    throw refuse(
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and " +
        "last are the zero-based offsets of the first and last bytes to copy",
    );
  const [from, last] = [Number(match[1]), Number(match[2])];
  if (from > last || last >= size)
    throw refuse(`Range specified is not valid for source object of size: ${size}`);
  return { from, to: last + 1 };
}

function copied(facts: ObjectFacts): Record<string, string> {
  const { checksum } = facts;
  return {
    ETag: quoted(facts.etag),
    LastModified: new Date(facts.modifiedMs).toISOString(),
    ...(checksum && checksumElements(checksum)),
  };
}

type Source = Awaited<ReturnType<typeof openCopySource>>;

/** The object `x-amz-copy-source` names: `bucket/key` or `/bucket/key`, percent-encoded. */
export async function openCopySource(context: S3Context, request: S3Request) {
  const header = request.header("x-amz-copy-source") ?? "";
  const [, version] = /\?versionId=(.*)$/.exec(header) ?? [];
  if (version !== undefined && version !== "null")
    throw notImplemented("A copy of a version: buckets here have none, and this");
  let path: string;
  try {
    path = decodeURIComponent(header.replace(/\?versionId=.*$/, ""));
  } catch {
    throw invalidArgument("The copy source is not percent-encoded UTF-8.");
  }
  const match = /^\/?([^/]+)\/(.+)$/s.exec(path);
  if (match === null) throw invalidArgument("The copy source must be bucket/key.");
  const [, bucket, key] = match as unknown as [string, string, string];
  checkRequestKey(key);
  return { bucket, ...(await context.root.bucket(bucket).open(key)) };
}
