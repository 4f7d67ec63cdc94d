import { PolicyRefusal, readBucketPolicy } from "../iam/bucket-policy.ts";
import { readSmallBody } from "./incoming.ts";
import type { S3Operation } from "./operation.ts";
import { accessDenied, notImplemented, S3Error } from "./s3-error.ts";

/*
 * Policies of buckets: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */

const bodyBytesMax = 64 * 1024;

export const putBucketPolicy: S3Operation = async (context, request) => {
  const { name, policyFile } = context.root.bucket(request.bucket);
  const { principals } = context.access;
  if (principals === undefined) throw notImplemented("A bucket policy where nobody is known");
  const text = await readSmallBody(request, bodyBytesMax, context);
  try {
    policyFile.put(readBucketPolicy(text, { bucket: name, arns: principals() }));
  } catch (thrown) {
    throw thrown instanceof PolicyRefusal ? refusal(thrown) : thrown;
  }
  return { status: 204 };
};

export const getBucketPolicy: S3Operation = (context, request) => {
  const policy = context.root.bucket(request.bucket).policyFile.policy();
  if (policy === null)
    throw new S3Error(404, "NoSuchBucketPolicy", "The bucket policy does not exist", {
      details: { BucketName: request.bucket },
    });
  return { status: 200, json: policy.text };
};

export const deleteBucketPolicy: S3Operation = (context, request) => {
  context.root.bucket(request.bucket).policyFile.remove();
  return { status: 204 };
};

function refusal({ kind, message }: PolicyRefusal): S3Error {
  if (kind === "malformed") return new S3Error(400, "MalformedPolicy", message);
  return kind === "public" ? accessDenied(message) : notImplemented(message);
}
