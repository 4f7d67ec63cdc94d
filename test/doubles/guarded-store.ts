import { deniedMessage } from "../../src/emulator/iam/policy.ts";
import { removeAll } from "../../src/ports/remove-all.ts";
import type { Store } from "../../src/ports/store.ts";
import { bucketAccess, type May } from "./bucket-access.ts";

/** What S3 answers to whoever may not do it. */
export class AccessDenied extends Error {
  override readonly name = "AccessDenied";
}

/**
 * A store as it is to one identity: what it may not do ends in `AccessDenied`, and so does looking
 * for what is not there where it may not list.
 */
export function guardedStore(
  inner: Store,
  { bucket, who, may }: { readonly bucket: string; readonly who: string; readonly may: May },
): Store {
  const access = bucketAccess(bucket, may);
  const demand = (allowed: boolean, action: string, key?: string) => {
    if (allowed) return;
    const arn = `arn:aws:s3:::${bucket}`;
    const resource = key === undefined ? arn : `${arn}/${key}`;
    throw new AccessDenied(deniedMessage(who, `s3:${action}`, resource));
  };
  const read = async (key: string) => {
    demand(access.read(key), "GetObject", key);
    const bytes = await inner.read(key);
    if (bytes === null) demand(access.seesAbsence(key), "ListBucket");
    return bytes;
  };
  return {
    read,
    async write(key, bytes) {
      demand(access.write(key), "PutObject", key);
      return inner.write(key, bytes);
    },
    async writeOnce(key, bytes) {
      demand(access.write(key), "PutObject", key);
      if (await inner.writeOnce(key, bytes)) return true;
      // Who came second looks whose object it is: a retry may meet its own first attempt.
      demand(access.read(key), "GetObject", key);
      return false;
    },
    async list(prefix) {
      demand(access.list(prefix), "ListBucket");
      return inner.list(prefix);
    },
    async remove(key) {
      demand(access.remove(key), "DeleteObject", key);
      return inner.remove(key);
    },
    async removeAll(keys) {
      await removeAll(inner, keys.filter(access.remove));
      for (const key of keys) demand(access.remove(key), "DeleteObject", key);
    },
  };
}
