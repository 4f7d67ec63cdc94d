import { RunError } from "../core/errors.ts";
import { removeAll } from "../ports/remove-all.ts";
import type { Store } from "../ports/store.ts";

/** The same store; that its bucket is gone is told as such, with what that means for a run. */
export function namingLostBucket(store: Store, bucket: string): Store {
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      if ((thrown as { name?: string }).name !== "NoSuchBucket") throw thrown;
      throw new RunError(
        "bucket-gone",
        `bucket ${bucket}: it is gone, and with it every checkpoint in it`,
        {
          hint: "bring it back with what was in it and resume the run, or start the run anew",
          cause: thrown,
        },
      );
    }
  };
  return {
    read: (key) => told(store.read(key)),
    write: (key, bytes) => told(store.write(key, bytes)),
    writeOnce: (key, bytes) => told(store.writeOnce(key, bytes)),
    list: (prefix) => told(store.list(prefix)),
    remove: (key) => told(store.remove(key)),
    removeAll: (keys) => told(removeAll(store, keys)),
  };
}
