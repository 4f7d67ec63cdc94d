import type { Store } from "../ports/store.ts";
import { memoryStore } from "../storage/memory.ts";
import { memoryKeyPattern } from "../store-layout.ts";

/** So many of a slot's newest memories: a run's last state names one of them. */
const keptPerSlot = 16;

export interface EphemeralState {
  readonly store: Store;
  /** Writes the newest to the store behind, for whoever goes on. */
  keep(): Promise<void>;
}

/**
 * A store in which what slots remember stays in this process: a simulation writes thousands of such
 * small objects, and reads nearly none.
 */
export function ephemeralState(home: Store): EphemeralState {
  const scratch = memoryStore();
  const isMemory = (key: string) => memoryKeyPattern.test(key);
  return {
    store: {
      async read(key) {
        return (isMemory(key) ? await scratch.read(key) : null) ?? home.read(key);
      },
      write: (key, bytes) => (isMemory(key) ? scratch : home).write(key, bytes),
      writeOnce: (key, bytes) => (isMemory(key) ? scratch : home).writeOnce(key, bytes),
      async list(prefix) {
        const keys = [...(await scratch.list(prefix)), ...(await home.list(prefix))];
        return [...new Set(keys)].sort();
      },
      async remove(key) {
        if (isMemory(key)) await scratch.remove(key);
        await home.remove(key);
      },
    },
    async keep() {
      const slots = Map.groupBy(await scratch.list(""), (key) =>
        key.slice(0, key.lastIndexOf("/")),
      );
      for (const keys of slots.values())
        for (const key of keys.slice(-keptPerSlot))
          await home.write(key, (await scratch.read(key))!);
    },
  };
}
