import { checkArguments } from "./arguments.ts";
import { deleteBucketPolicy, getBucketPolicy, putBucketPolicy } from "./bucket-policies.ts";
import {
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  handleCreateBucket,
  headBucket,
  listBuckets,
} from "./buckets.ts";
import { checksumNames } from "./checksums.ts";
import { listObjects, listObjectsV2 } from "./list.ts";
import { abortMultipartUpload, createMultipartUpload, uploadPart } from "./multipart.ts";
import { completeMultipartUpload } from "./multipart-complete.ts";
import { listMultipartUploads, listParts } from "./multipart-list.ts";
import { getObjectAttributes } from "./object-attributes.ts";
import { copyObject, uploadPartCopy } from "./object-copy.ts";
import { deleteObject, deleteObjects } from "./object-delete.ts";
import { getObject, headObject } from "./object-get.ts";
import { putObject } from "./object-put.ts";
import type { S3Operation } from "./operation.ts";
import type { S3Request } from "./request.ts";
import { notImplemented } from "./s3-error.ts";
import {
  deleteObjectTagging,
  getBucketTagging,
  getObjectTagging,
  putObjectTagging,
} from "./tagging.ts";

export interface S3Route {
  readonly method: string;
  readonly on: "service" | "bucket" | "object";
  readonly name: string;
  readonly run: S3Operation;
  /** The permission that it takes, where that has another name than the operation. */
  readonly action?: string;
  /** Query parameters or a header that make the request this operation. */
  readonly query?: readonly string[];
  readonly header?: string;
  /** Query parameters that it understands besides, by names in a row. */
  readonly takes?: string;
  /** Headers that it understands besides: what follows `x-amz-`. */
  readonly reads?: string;
}

const listing = "prefix delimiter max-keys encoding-type";
const served =
  "response-content-type response-content-language response-content-disposition " +
  "response-content-encoding response-cache-control response-expires";
const stored = "acl storage-class tagging";
const sums = ["sdk-checksum-algorithm", ...checksumNames.map((name) => `checksum-${name}`)].join(
  " ",
);
const copied =
  "copy-source copy-source-if-match copy-source-if-none-match copy-source-if-modified-since " +
  "copy-source-if-unmodified-since source-expected-bucket-owner";

/**
 * The first route that fits is taken, so the more particular come first. What an operation takes is
 * as https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html has it; a parameter or a
 * header that stands there and not here is refused.
 */
export const s3Routes: readonly S3Route[] = [
  {
    ...{ method: "GET", on: "service", name: "ListBuckets", run: listBuckets },
    action: "ListAllMyBuckets",
    takes: "prefix max-buckets continuation-token bucket-region",
  },
  {
    ...{ method: "PUT", on: "bucket", name: "PutBucketPolicy", run: putBucketPolicy },
    query: ["policy"],
    reads: `${sums} confirm-remove-self-bucket-access`,
  },
  {
    ...{ method: "DELETE", on: "bucket", name: "DeleteBucketPolicy", run: deleteBucketPolicy },
    query: ["policy"],
  },
  {
    ...{ method: "PUT", on: "bucket", name: "CreateBucket", run: handleCreateBucket },
    reads: "acl object-ownership bucket-object-lock-enabled",
  },
  { method: "HEAD", on: "bucket", name: "HeadBucket", run: headBucket, action: "ListBucket" },
  { method: "DELETE", on: "bucket", name: "DeleteBucket", run: deleteBucket },
  {
    ...{ method: "POST", on: "bucket", name: "DeleteObjects", run: deleteObjects },
    query: ["delete"],
    reads: sums,
  },
  {
    ...{ method: "GET", on: "bucket", name: "ListObjectsV2", run: listObjectsV2 },
    action: "ListBucket",
    query: ["list-type"],
    takes: `${listing} start-after continuation-token fetch-owner`,
    reads: "optional-object-attributes",
  },
  {
    ...{ method: "GET", on: "bucket", name: "GetBucketLocation", run: getBucketLocation },
    query: ["location"],
  },
  {
    ...{ method: "GET", on: "bucket", name: "GetBucketVersioning", run: getBucketVersioning },
    query: ["versioning"],
  },
  {
    ...{ method: "GET", on: "bucket", name: "GetBucketTagging", run: getBucketTagging },
    query: ["tagging"],
  },
  {
    ...{ method: "GET", on: "bucket", name: "GetBucketPolicy", run: getBucketPolicy },
    query: ["policy"],
  },
  {
    ...{ method: "GET", on: "bucket", name: "ListMultipartUploads", run: listMultipartUploads },
    action: "ListBucketMultipartUploads",
    query: ["uploads"],
    takes: "prefix delimiter encoding-type key-marker upload-id-marker max-uploads",
  },
  {
    ...{ method: "GET", on: "bucket", name: "ListObjects", run: listObjects },
    action: "ListBucket",
    takes: `${listing} marker`,
    reads: "optional-object-attributes",
  },
  {
    ...{ method: "PUT", on: "object", name: "UploadPartCopy", run: uploadPartCopy },
    action: "PutObject",
    query: ["partNumber", "uploadId"],
    header: "x-amz-copy-source",
    reads: `${copied} copy-source-range`,
  },
  {
    ...{ method: "PUT", on: "object", name: "UploadPart", run: uploadPart },
    action: "PutObject",
    query: ["partNumber", "uploadId"],
    reads: sums,
  },
  {
    ...{ method: "PUT", on: "object", name: "PutObjectTagging", run: putObjectTagging },
    query: ["tagging"],
    reads: sums,
  },
  {
    ...{ method: "PUT", on: "object", name: "CopyObject", run: copyObject },
    action: "PutObject",
    header: "x-amz-copy-source",
    reads: `${copied} ${stored} metadata-directive tagging-directive checksum-algorithm meta-*`,
  },
  {
    ...{ method: "PUT", on: "object", name: "PutObject", run: putObject },
    reads: `${stored} ${sums} meta-*`,
  },
  {
    ...{ method: "GET", on: "object", name: "ListParts", run: listParts },
    action: "ListMultipartUploadParts",
    query: ["uploadId"],
    takes: "max-parts part-number-marker encoding-type",
  },
  {
    ...{ method: "GET", on: "object", name: "GetObjectAttributes", run: getObjectAttributes },
    action: "GetObject",
    query: ["attributes"],
    reads: "object-attributes max-parts part-number-marker",
  },
  {
    ...{ method: "GET", on: "object", name: "GetObjectTagging", run: getObjectTagging },
    query: ["tagging"],
  },
  {
    ...{ method: "GET", on: "object", name: "GetObject", run: getObject },
    takes: `partNumber ${served}`,
    reads: "checksum-mode",
  },
  {
    ...{ method: "HEAD", on: "object", name: "HeadObject", run: headObject },
    action: "GetObject",
    takes: `partNumber ${served}`,
    reads: "checksum-mode",
  },
  {
    ...{ method: "DELETE", on: "object", name: "AbortMultipartUpload", run: abortMultipartUpload },
    query: ["uploadId"],
  },
  {
    ...{ method: "DELETE", on: "object", name: "DeleteObjectTagging", run: deleteObjectTagging },
    query: ["tagging"],
  },
  { method: "DELETE", on: "object", name: "DeleteObject", run: deleteObject },
  {
    ...{ method: "POST", on: "object", name: "CreateMultipartUpload", run: createMultipartUpload },
    action: "PutObject",
    query: ["uploads"],
    reads: `${stored} checksum-algorithm checksum-type meta-*`,
  },
  {
    method: "POST",
    on: "object",
    name: "CompleteMultipartUpload",
    run: completeMultipartUpload,
    action: "PutObject",
    query: ["uploadId"],
    reads: `${sums} mp-object-size`,
  },
];

/** The operation a request asks for. Throws `NotImplemented` rather than doing something near. */
export function s3RouteOf(request: S3Request): S3Route {
  const on = request.bucket === "" ? "service" : request.key === "" ? "bucket" : "object";
  const match = s3Routes.find(
    (route) =>
      route.method === request.method &&
      route.on === on &&
      (route.query ?? []).every((name) => request.query.has(name)) &&
      (route.header === undefined || request.header(route.header) !== undefined),
  );
  if (match === undefined) throw notImplemented(`${request.method} of a ${on}`);
  checkArguments(request, match);
  return match;
}
