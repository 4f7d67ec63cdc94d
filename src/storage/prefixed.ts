import type { Store } from "../ports/store.ts";
import { checkKey } from "./keys.ts";

/** A part of a store as a store of its own: every key gets `prefix` before it. */
export function prefixedStore(inner: Store, prefix: string): Store {
  const at = (key: string) => {
    checkKey(key);
    return prefix + key;
  };
  const { removeAll } = inner;
  return {
    ...(removeAll && { removeAll: async (keys: readonly string[]) => removeAll(keys.map(at)) }),
    read: async (key) => inner.read(at(key)),
    write: async (key, bytes) => inner.write(at(key), bytes),
    writeOnce: async (key, bytes) => inner.writeOnce(at(key), bytes),
    async list(wanted) {
      const keys = await inner.list(prefix + wanted);
      return keys.map((key) => key.slice(prefix.length));
    },
    remove: async (key) => inner.remove(at(key)),
  };
}
