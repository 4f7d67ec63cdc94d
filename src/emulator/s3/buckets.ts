import { readSmallBody } from "./incoming.ts";
import type { S3Operation } from "./operation.ts";
import { S3Error } from "./s3-error.ts";
import { toXml } from "./xml.ts";

const owner = { ID: "kofn", DisplayName: "kofn" };

/** CreateBucket. As in us-east-1, making one's own bucket again is fine. */
export const handleCreateBucket: S3Operation = async (context, request) => {
  const body = await readSmallBody(request, 64 * 1024, context.onBytesIn);
  if (context.root.has(request.bucket) && body.includes("LocationConstraint"))
    throw new S3Error(409, "BucketAlreadyOwnedByYou", "You already own the bucket you named.");
  context.root.create(request.bucket);
  return { status: 200, headers: { location: `/${request.bucket}` } };
};

export const headBucket: S3Operation = (context, request) => {
  context.root.bucket(request.bucket);
  return { status: 200, headers: { "x-amz-bucket-region": "us-east-1" } };
};

export const deleteBucket: S3Operation = async (context, request) => {
  await context.root.remove(request.bucket);
  return { status: 204 };
};

export const listBuckets: S3Operation = (context) => {
  const buckets = context.root.buckets().map((bucket) => ({
    Name: bucket.name,
    CreationDate: new Date(bucket.createdMs).toISOString(),
  }));
  const content = { Owner: owner, Buckets: { Bucket: buckets } };
  return { status: 200, xml: toXml("ListAllMyBucketsResult", content) };
};

export const getBucketLocation: S3Operation = (context, request) => {
  context.root.bucket(request.bucket);
  return { status: 200, xml: toXml("LocationConstraint", {}) };
};
