/** The actions of S3's operations here that are about a bucket as a whole. */
export const bucketActions: readonly string[] = [
  "CreateBucket",
  "DeleteBucket",
  "DeleteBucketPolicy",
  "GetBucketLocation",
  "GetBucketPolicy",
  "GetBucketTagging",
  "GetBucketVersioning",
  "ListBucket",
  "ListBucketMultipartUploads",
  "PutBucketPolicy",
];

/** Those that are about an object in it. */
export const objectActions: readonly string[] = [
  "AbortMultipartUpload",
  "DeleteObject",
  "DeleteObjectTagging",
  "GetObject",
  "GetObjectTagging",
  "ListMultipartUploadParts",
  "PutObject",
  "PutObjectTagging",
];
