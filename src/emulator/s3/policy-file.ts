import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { ownFile } from "../../core/own-files.ts";
import { type BucketPolicy, readBucketPolicy } from "../iam/bucket-policy.ts";

/** A bucket's policy, in memory and in a file that outlives the process. */
export interface PolicyFile {
  policy(): BucketPolicy | null;
  put(policy: BucketPolicy): void;
  remove(): void;
}

export function openPolicyFile(path: string, bucket: string): PolicyFile {
  const text = textAt(path);
  // Whom it names was checked when it was put; a function may not be there any more.
  let policy = text === null ? null : readBucketPolicy(text, { bucket });
  return {
    policy: () => policy,
    put(next) {
      writeFileSync(`${path}.draft`, next.text, { mode: ownFile });
      renameSync(`${path}.draft`, path);
      policy = next;
    },
    remove() {
      rmSync(path, { force: true });
      policy = null;
    },
  };
}

function textAt(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw thrown;
  }
}
