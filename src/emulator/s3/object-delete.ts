import { always, writeCondition } from "./conditions.ts";
import { readSmallBody } from "./incoming.ts";
import type { S3Operation } from "./operation.ts";
import { checkRequestKey } from "./request.ts";
import { invalidArgument, toS3Error } from "./s3-error.ts";
import { fromXml, malformed, toXml, type XmlRecord, xmlTextOf } from "./xml.ts";

const deletionsMax = 1000;
const bodyBytesMax = 4 * 1024 * 1024;

/** DeleteObject; removing what is not there is fine. */
export const deleteObject: S3Operation = (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const match = request.header("if-match");
  const condition = writeCondition((name) => (name === "if-match" ? match : undefined));
  bucket.remove(request.key, condition);
  return { status: 204 };
};

/** DeleteObjects: up to a thousand keys, each with an outcome of its own. */
export const deleteObjects: S3Operation = async (context, request) => {
  const bucket = context.root.bucket(request.bucket);
  const body = fromXml(await readSmallBody(request, bodyBytesMax, context.onBytesIn), "Delete");
  const objects = body.Object;
  if (!Array.isArray(objects) || objects.length === 0) throw malformed();
  if (objects.length > deletionsMax)
    throw invalidArgument(`At most ${deletionsMax} keys can be deleted at once.`);
  const deleted: XmlRecord[] = [];
  const failed: XmlRecord[] = [];
  for (const object of objects) {
    const key = xmlTextOf(object, "Key");
    if (key === undefined || key === "") throw malformed();
    try {
      checkRequestKey(key);
      context.admitRemoval(request, key);
      bucket.remove(key, always);
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
