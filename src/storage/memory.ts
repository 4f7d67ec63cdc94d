import { compareUtf8 } from "../core/text.ts";
import type { Store } from "../ports/store.ts";
import { checkKey } from "./keys.ts";

/** Objects in this process's memory, for tests and for runs that leave nothing behind. */
export function memoryStore(): Store {
  const objects = new Map<string, Uint8Array>();
  return {
    async read(key) {
      checkKey(key);
      return objects.get(key)?.slice() ?? null;
    },
    async write(key, bytes) {
      checkKey(key);
      objects.set(key, new Uint8Array(bytes));
    },
    async writeOnce(key, bytes) {
      checkKey(key);
      if (objects.has(key)) return false;
      objects.set(key, new Uint8Array(bytes));
      return true;
    },
    async list(prefix) {
      return [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(compareUtf8);
    },
    async remove(key) {
      checkKey(key);
      objects.delete(key);
    },
  };
}
