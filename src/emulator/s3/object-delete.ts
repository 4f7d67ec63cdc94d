import { writeCondition } from "./conditions.ts";
import { readSmallBody } from "./incoming.ts";
import type { S3Operation } from "./operation.ts";
import { checkRequestKey, type S3Request } from "./request.ts";
import { invalidArgument, notImplemented, S3Error, toS3Error } from "./s3-error.ts";
import { fromXml, listOf, malformed, toXml, type XmlRecord, xmlTextOf } from "./xml.ts";

const deletionsMax = 1000;
const bodyBytesMax = 4 * 1024 * 1024;

/** DeleteObject; removing what is not there is fine. */
export const deleteObject: S3Operation = (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  bucket.remove(request.key, writeCondition(request.header, request.key));
  return { status: 204 };
};

/**
 * DeleteObjects: up to a thousand keys, each with an outcome of its own, and each with the ETag
 * that it must still have, where one is given:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
export const deleteObjects: S3Operation = async (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  checkDigest(request);
  const body = fromXml(await readSmallBody(request, bodyBytesMax, context), "Delete");
  const objects = listOf(body, "Object");
  if (objects.length === 0) throw malformed();
  if (objects.length > deletionsMax)
    throw invalidArgument(`At most ${deletionsMax} keys can be deleted at once.`);
  const deleted: XmlRecord[] = [];
  const failed: XmlRecord[] = [];
  // All of them are understood before the first one goes.
  for (const { key, etag, condition } of objects.map(deletionOf)) {
    try {
      checkRequestKey(key);
      context.access.admitRemoval(key, etag);
      bucket.remove(key, condition);
      deleted.push({ Key: key });
    } catch (thrown) {
      const { code, message } = toS3Error(thrown);
      failed.push({ Key: key, Code: code, Message: message });
    }
  }
  const quiet = xmlTextOf(body, "Quiet") === "true";
  const content = { Deleted: quiet ? [] : deleted, Error: failed };
  return { status: 200, xml: toXml("DeleteResult", content) };
};

function deletionOf(object: unknown) {
  const key = xmlTextOf(object, "Key");
  if (key === undefined || key === "") throw malformed();
  const other = Object.keys(object as object).find((name) => !known.has(name));
  if (other !== undefined) throw notImplemented(`DeleteObjects with ${other}`);
  const version = xmlTextOf(object, "VersionId") ?? "null";
  if (version !== "null" && version !== "") throw notImplemented("DeleteObjects of a version");
  const etag = xmlTextOf(object, "ETag");
  const condition = writeCondition((name) => (name === "if-match" ? etag : undefined), key);
  return { key, etag, condition };
}

/** Times and sizes are conditions of directory buckets alone. */
const known = new Set(["Key", "VersionId", "ETag", "#text"]);

/** A body that names what goes must be known to be whole. */
function checkDigest(request: S3Request): void {
  const names = [...request.headerNames()];
  const isGiven = names.some((name) => /^(content-md5|x-amz-trailer|x-amz-checksum-)/.test(name));
  if (isGiven) return;
  throw new S3Error(
    400,
    "InvalidRequest",
    "Missing required header for this request: Content-MD5 OR x-amz-checksum-*",
  );
}
