import type { Store } from "../ports/store.ts";
import { memoryPrefix } from "../run/keys.ts";
import { memoryStore } from "../storage/memory.ts";

/** A store that keeps what a run's slots remember to itself: nothing of it reaches `home`. */
export function scratchMemory(home: Store, run: string): Store {
  const scratch = memoryStore();
  const placeOf = (key: string) => (key.startsWith(memoryPrefix(run)) ? scratch : home);
  return {
    read: (key) => placeOf(key).read(key),
    write: (key, bytes) => placeOf(key).write(key, bytes),
    writeOnce: (key, bytes) => placeOf(key).writeOnce(key, bytes),
    list: (prefix) => placeOf(prefix).list(prefix),
    remove: (key) => placeOf(key).remove(key),
  };
}
