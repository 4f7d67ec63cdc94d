import { RunError } from "../../core/errors.ts";
import { removeAll } from "../../ports/remove-all.ts";
import type { Store } from "../../ports/store.ts";
import { eventsKey, runPrefix } from "../../store-layout.ts";

/**
 * A store for one orchestrator of a run. Before every write it checks that no other orchestrator
 * has begun since, and it writes a batch of events once, so that of two orchestrators that continue
 * from one checkpoint only one succeeds. `check` throws where another has begun.
 */
export function fencedStore(inner: Store, run: string, check: () => Promise<void>): Store {
  const own = runPrefix(run);
  const events = eventsKey(run, 0).replace(/[^/]+$/, "");
  const checked = async (key: string) => {
    if (key.startsWith(own)) await check();
  };
  return {
    read: (key) => inner.read(key),
    list: (prefix) => inner.list(prefix),
    async write(key, bytes) {
      const copy = new Uint8Array(bytes);
      await checked(key);
      if (!key.startsWith(events)) return inner.write(key, copy);
      if (await inner.writeOnce(key, copy)) return;
      // An earlier attempt of this orchestrator whose reply was lost may have succeeded.
      const there = await inner.read(key);
      if (there !== null && Buffer.compare(there, copy) === 0) return;
      throw new RunError("superseded", `another orchestrator of ${run} has written ${key}`);
    },
    async writeOnce(key, bytes) {
      const copy = new Uint8Array(bytes);
      await checked(key);
      return inner.writeOnce(key, copy);
    },
    async remove(key) {
      await checked(key);
      return inner.remove(key);
    },
    async removeAll(keys) {
      if (keys.some((key) => key.startsWith(own))) await check();
      return removeAll(inner, keys);
    },
  };
}
