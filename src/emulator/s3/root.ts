import { randomUUID } from "node:crypto";
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { closeOwnFolder, makeOwnFolder } from "../../core/own-files.ts";
import { type Bucket, openBucket } from "./bucket.ts";
import { lockRoot } from "./root-lock.ts";
import { noSuchBucket, S3Error } from "./s3-error.ts";

/**
 * The folder everything lives in: `buckets/NAME/{objects,uploads}`, `tmp` for files being written
 * (emptied at start: whatever a killed process left there was never acknowledged) and `lock`.
 */
export interface Root {
  buckets(): readonly Bucket[];
  has(name: string): boolean;
  /** Throws `NoSuchBucket`. */
  bucket(name: string): Bucket;
  create(name: string): void;
  /** Throws `BucketNotEmpty`. */
  remove(name: string): Promise<void>;
  /** A fresh name for a file to be published later. */
  temporaryPath(): string;
  release(): void;
}

/** Opens or makes a root. Throws `RunError("root-in-use")` while another process has it. */
export function openRoot(path: string): Root {
  const bucketsPath = join(path, "buckets");
  const temporary = join(path, "tmp");
  closeOwnFolder(path);
  makeOwnFolder(bucketsPath);
  const release = lockRoot(path);
  rmSync(temporary, { recursive: true, force: true });
  makeOwnFolder(temporary);
  const temporaryPath = () => join(temporary, randomUUID());
  const buckets = new Map<string, Bucket>();
  for (const name of readdirSync(bucketsPath).sort()) {
    const at = join(bucketsPath, name);
    if (isBucketName(name))
      buckets.set(name, openBucket(name, at, temporaryPath, statSync(at).birthtimeMs));
  }
  const bucket = (name: string) => {
    const bucket = buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  };
  return {
    buckets: () => [...buckets.keys()].sort().map(bucket),
    has: (name) => buckets.has(name),
    bucket,
    create(name) {
      if (!isBucketName(name) || isForbidden(name))
        throw new S3Error(400, "InvalidBucketName", "The specified bucket is not valid.");
      if (!buckets.has(name))
        buckets.set(name, openBucket(name, join(bucketsPath, name), temporaryPath, Date.now()));
    },
    async remove(name) {
      const doomed = bucket(name);
      if (doomed.keys.length > 0)
        throw new S3Error(409, "BucketNotEmpty", "The bucket you tried to delete is not empty.");
      const grave = temporaryPath();
      renameSync(join(bucketsPath, name), grave);
      doomed.retire();
      buckets.delete(name);
      await rm(grave, { recursive: true, force: true });
    },
    temporaryPath,
    release,
  };
}

/** S3's rule, which also makes a name safe as a folder's: no separators, no leading dot. */
function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes("..");
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function isForbidden(name: string): boolean {
  return (
    /^\d+\.\d+\.\d+\.\d+$/.test(name) ||
    /^(xn--|sthree-|amzn-s3-demo-)/.test(name) ||
    /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  );
}
