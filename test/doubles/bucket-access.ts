import type { AccessRequest } from "../../src/emulator/iam/policy.ts";

/** Says whether an identity may do something. */
export type May = (wanted: AccessRequest) => boolean;

/** What an identity may do with the objects of one bucket, as S3 asks IAM. */
export interface BucketAccess {
  read(key: string): boolean;
  write(key: string): boolean;
  remove(key: string): boolean;
  abort(key: string): boolean;
  /** Undefined for a request that names no prefix. */
  list(prefix: string | undefined): boolean;
  /**
   * Of an absent key: whether this identity is told that it does not exist (404) or nothing (403).
   * S3 asks for leave to list the bucket, with the key in the place of the prefix.
   */
  seesAbsence(key: string): boolean;
}

export function bucketAccess(bucket: string, may: May): BucketAccess {
  const arn = `arn:aws:s3:::${bucket}`;
  const object = (action: string) => (key: string) =>
    may({ action: `s3:${action}`, resource: `${arn}/${key}` });
  const list = (prefix: string | undefined) => {
    const context = prefix === undefined ? {} : { "s3:prefix": prefix };
    return may({ action: "s3:ListBucket", resource: arn, context });
  };
  return {
    read: object("GetObject"),
    write: object("PutObject"),
    remove: object("DeleteObject"),
    abort: object("AbortMultipartUpload"),
    list,
    seesAbsence: list,
  };
}
