import {
  deleteBucket,
  getBucketLocation,
  handleCreateBucket,
  headBucket,
  listBuckets,
} from "./buckets.ts";
import { listObjectsV2 } from "./list.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listParts,
  uploadPart,
} from "./multipart.ts";
import { copyObject } from "./object-copy.ts";
import { deleteObject, deleteObjects } from "./object-delete.ts";
import { getObject, headObject } from "./object-get.ts";
import { putObject } from "./object-put.ts";
import type { S3Operation } from "./operation.ts";
import type { S3Request } from "./request.ts";
import { S3Error } from "./s3-error.ts";

interface Route {
  readonly method: string;
  readonly on: "service" | "bucket" | "object";
  readonly name: string;
  readonly run: S3Operation;
  /** Query parameters or headers that make the request this operation. */
  readonly query?: readonly string[];
  readonly header?: string;
}

/** The first route that fits is taken, so the more particular come first. */
const routes: readonly Route[] = [
  { method: "GET", on: "service", name: "ListBuckets", run: listBuckets },
  { method: "PUT", on: "bucket", name: "CreateBucket", run: handleCreateBucket },
  { method: "HEAD", on: "bucket", name: "HeadBucket", run: headBucket },
  { method: "DELETE", on: "bucket", name: "DeleteBucket", run: deleteBucket },
  { method: "POST", on: "bucket", name: "DeleteObjects", run: deleteObjects, query: ["delete"] },
  { method: "GET", on: "bucket", name: "ListObjectsV2", run: listObjectsV2, query: ["list-type"] },
  {
    method: "GET",
    on: "bucket",
    name: "GetBucketLocation",
    run: getBucketLocation,
    query: ["location"],
  },
  {
    method: "PUT",
    on: "object",
    name: "UploadPart",
    run: uploadPart,
    query: ["partNumber", "uploadId"],
  },
  {
    method: "PUT",
    on: "object",
    name: "CopyObject",
    run: copyObject,
    header: "x-amz-copy-source",
  },
  { method: "PUT", on: "object", name: "PutObject", run: putObject },
  { method: "GET", on: "object", name: "ListParts", run: listParts, query: ["uploadId"] },
  { method: "GET", on: "object", name: "GetObject", run: getObject },
  { method: "HEAD", on: "object", name: "HeadObject", run: headObject },
  {
    method: "DELETE",
    on: "object",
    name: "AbortMultipartUpload",
    run: abortMultipartUpload,
    query: ["uploadId"],
  },
  { method: "DELETE", on: "object", name: "DeleteObject", run: deleteObject },
  {
    method: "POST",
    on: "object",
    name: "CreateMultipartUpload",
    run: createMultipartUpload,
    query: ["uploads"],
  },
  {
    method: "POST",
    on: "object",
    name: "CompleteMultipartUpload",
    run: completeMultipartUpload,
    query: ["uploadId"],
  },
];

/** The operation a request asks for. Throws `NotImplemented` rather than doing something near. */
export function s3RouteOf(request: S3Request): { name: string; run: S3Operation } {
  const on = request.bucket === "" ? "service" : request.key === "" ? "bucket" : "object";
  const unsupported = [...request.query.keys()].find((name) => subresources.has(name));
  const match = routes.find(
    (route) =>
      route.method === request.method &&
      route.on === on &&
      (route.query ?? []).every((name) => request.query.has(name)) &&
      (route.header === undefined || request.header(route.header) !== undefined),
  );
  const copiesPart = match?.name === "UploadPart" && request.header("x-amz-copy-source");
  if (match !== undefined && unsupported === undefined && !copiesPart) return match;
  const description = `${request.method} of a ${on}${unsupported ? ` with ?${unsupported}` : ""}`;
  throw new S3Error(501, "NotImplemented", `${description} is not implemented here.`);
}

/** Without this list, `PUT ?acl` would overwrite the object with its access rules. */
const subresources = new Set(
  (
    "accelerate acl analytics attributes cors encryption intelligent-tiering inventory " +
    "legal-hold lifecycle logging metrics notification object-lock ownershipControls policy " +
    "policyStatus publicAccessBlock replication requestPayment restore retention select tagging " +
    "torrent versioning versionId versions website append renameObject"
  ).split(" "),
);
