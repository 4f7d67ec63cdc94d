import { compareUtf8 } from "../core/text.ts";
import type { Store } from "../ports/store.ts";
import { memoryStore } from "../storage/memory.ts";

/** A store over another that stays as it is: what is written or removed is so in this process. */
export function overlayStore(base: Store): Store {
  const own = memoryStore();
  const removed = new Set<string>();
  const below = async (key: string) => (removed.has(key) ? null : base.read(key));
  return {
    read: async (key) => (await own.read(key)) ?? below(key),
    write: (key, bytes) => own.write(key, bytes),
    async writeOnce(key, bytes) {
      if ((await below(key)) !== null) return false;
      return own.writeOnce(key, bytes);
    },
    async list(prefix) {
      const theirs = (await base.list(prefix)).filter((key) => !removed.has(key));
      return [...new Set([...theirs, ...(await own.list(prefix))])].sort(compareUtf8);
    },
    async remove(key) {
      removed.add(key);
      await own.remove(key);
    },
  };
}
