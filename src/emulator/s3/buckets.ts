import { localRegion } from "../iam/identity.ts";
import { readSmallBody } from "./incoming.ts";
import type { S3Operation } from "./operation.ts";
import { owner } from "./reply.ts";
import { integerIn } from "./request.ts";
import { invalidArgument, notImplemented, S3Error } from "./s3-error.ts";
import { fromXml, toXml, xmlTextOf } from "./xml.ts";

/** CreateBucket. As in us-east-1, making one's own bucket again is fine. */
export const handleCreateBucket: S3Operation = async (context, request) => {
  const ownership = request.header("x-amz-object-ownership") ?? "BucketOwnerEnforced";
  if (ownership !== "BucketOwnerEnforced")
    throw notImplemented(`CreateBucket with object ownership ${ownership}`);
  if ((request.header("x-amz-bucket-object-lock-enabled") ?? "false").toLowerCase() !== "false")
    throw notImplemented("CreateBucket with object lock");
  const body = await readSmallBody(request, 64 * 1024, context);
  if (body !== "") checkConfiguration(body);
  context.root.create(request.bucket);
  return { status: 200, headers: { location: `/${request.bucket}` } };
};

function checkConfiguration(body: string): void {
  // An empty element is no record of children.
  if (/<CreateBucketConfiguration[^>]*(\/>|>\s*<\/CreateBucketConfiguration>)\s*$/.test(body))
    return;
  const configuration = fromXml(body, "CreateBucketConfiguration");
  const other = Object.keys(configuration).find(
    (name) => name !== "LocationConstraint" && name !== "#text",
  );
  if (other !== undefined) throw notImplemented(`CreateBucket with ${other}`);
  const place = xmlTextOf(configuration, "LocationConstraint")?.trim() ?? "";
  if (place === "" || place === localRegion) return;
  throw new S3Error(
    400,
    "IllegalLocationConstraintException",
    `The ${place} location constraint is incompatible for the region specific endpoint this ` +
      "request was sent to.",
  );
}

export const headBucket: S3Operation = (context, request) => {
  context.root.bucket(request.bucket);
  return { status: 200, headers: { "x-amz-bucket-region": localRegion } };
};

export const deleteBucket: S3Operation = async (context, request) => {
  await context.root.remove(request.bucket);
  return { status: 204 };
};

const bucketsMax = 10_000;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export const listBuckets: S3Operation = (context, { query }) => {
  const prefix = query.get("prefix") ?? "";
  const region = query.get("bucket-region") ?? localRegion;
  if (region !== localRegion) throw invalidArgument(`Buckets are listed in ${localRegion} alone.`);
  const range = { min: 1, max: bucketsMax, fallback: bucketsMax };
  const max = integerIn(query, "max-buckets", range);
  const after = nameFrom(query.get("continuation-token"));
  const all = context.root
    .buckets()
    .filter(({ name }) => name.startsWith(prefix) && (after === null || name > after));
  const page = all.slice(0, max);
  const last = page.length < all.length ? page.at(-1)?.name : undefined;
  const content = {
    Owner: owner,
    Buckets: {
      Bucket: page.map((bucket) => ({
        Name: bucket.name,
        CreationDate: new Date(bucket.createdMs).toISOString(),
        BucketRegion: localRegion,
      })),
    },
    ContinuationToken: last === undefined ? undefined : Buffer.from(last).toString("base64url"),
    Prefix: query.has("prefix") ? prefix : undefined,
  };
  return { status: 200, xml: toXml("ListAllMyBucketsResult", content) };
};

function nameFrom(token: string | null): string | null {
  if (token === null || token === "") return null;
  const name = Buffer.from(token, "base64url").toString();
  if (/^[a-z0-9.-]+$/.test(name)) return name;
  throw invalidArgument("The continuation token provided is incorrect");
}

export const getBucketLocation: S3Operation = (context, request) => {
  context.root.bucket(request.bucket);
  return { status: 200, xml: toXml("LocationConstraint", {}) };
};

/** Of a bucket that never had versions: neither enabled nor suspended. */
export const getBucketVersioning: S3Operation = (context, request) => {
  context.root.bucket(request.bucket);
  return { status: 200, xml: toXml("VersioningConfiguration", {}) };
};
