import { checkedTags, type Tags } from "./attributes.ts";
import type { Bucket } from "./bucket.ts";
import type { WriteCondition } from "./conditions.ts";
import { readSmallBody } from "./incoming.ts";
import { type ObjectFacts, readPieces } from "./object-file.ts";
import { store } from "./object-put.ts";
import type { S3Context, S3Operation } from "./operation.ts";
import type { S3Request } from "./request.ts";
import { noSuchKey, S3Error } from "./s3-error.ts";
import { fromXml, listOf, malformed, toXml, xmlTextOf } from "./xml.ts";

/*
 * Tags of an object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */

const bodyBytesMax = 64 * 1024;

export const getObjectTagging: S3Operation = (context, request) => {
  const { tags = {} } = presentFacts(context, request);
  const Tag = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return { status: 200, xml: toXml("Tagging", { TagSet: { Tag } }) };
};

export const putObjectTagging: S3Operation = async (context, request) => {
  const body = fromXml(await readSmallBody(request, bodyBytesMax, context), "Tagging");
  const set = body.TagSet;
  const pairs = listOf(set, "Tag").map((tag) => {
    const [name, value] = [xmlTextOf(tag, "Key"), xmlTextOf(tag, "Value")];
    if (name === undefined || value === undefined) throw malformed();
    return [name, value] as const;
  });
  await retag(context, request, checkedTags(pairs));
  return { status: 200 };
};

export const deleteObjectTagging: S3Operation = async (context, request) => {
  await retag(context, request, {});
  return { status: 204 };
};

/** A bucket has no tags here, and S3 says so by an error. */
export const getBucketTagging: S3Operation = (context, request) => {
  context.root.bucket(request.bucket);
  throw new S3Error(404, "NoSuchTagSet", "The TagSet does not exist");
};

/** The object itself stays: its bytes, its ETag and its time. */
async function retag(context: S3Context, request: S3Request, tags: Tags): Promise<void> {
  const bucket = context.root.bucket(request.bucket);
  await rewriteFacts(context, bucket, request.key, ({ tags: _, ...facts }) => ({
    ...facts,
    ...(Object.keys(tags).length > 0 && { tags }),
  }));
}

function presentFacts(context: S3Context, { bucket, key }: S3Request): ObjectFacts {
  const facts = context.root.bucket(bucket).facts(key);
  if (facts === undefined) throw noSuchKey(key);
  return facts;
}

/** Gives an object other facts beside the same bytes, unless somebody writes it meanwhile. */
async function rewriteFacts(
  context: S3Context,
  bucket: Bucket,
  key: string,
  change: (facts: ObjectFacts) => ObjectFacts,
): Promise<void> {
  const { file, facts } = await bucket.open(key);
  const unchanged: WriteCondition = (present) => {
    if (present !== facts)
      throw new S3Error(409, "OperationAborted", "The object was written at the same time.");
  };
  try {
    const bytes = readPieces(file, 0, facts.size);
    await store(context, bucket, bytes, unchanged, () => change(facts));
  } finally {
    await file.close();
  }
}
