import { removeAll } from "../ports/remove-all.ts";
import type { Store } from "../ports/store.ts";
import { memoryStore } from "../storage/memory.ts";
import { memoryPrefixOf } from "../store-layout.ts";

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
  const scratch = puttingOff(memoryStore());
  const isMemory = (key: string) => memoryPrefixOf(key) !== null;
  // What an earlier process kept there: looked for once, as nobody else writes memories.
  const kept = new Map<string, Promise<ReadonlySet<string>>>();
  const isAtHome = async (key: string): Promise<boolean> => {
    const folder = memoryPrefixOf(key);
    if (folder === null) return true;
    const known = kept.get(folder) ?? home.list(folder).then((keys) => new Set(keys));
    kept.set(folder, known);
    known.catch(() => kept.delete(folder));
    return (await known).has(key);
  };
  return {
    store: {
      async read(key) {
        return (isMemory(key) ? await scratch.read(key) : null) ?? home.read(key);
      },
      write: (key, bytes) => (isMemory(key) ? scratch : home).write(key, bytes),
      writeOnce: (key, bytes) => (isMemory(key) ? scratch : home).writeOnce(key, bytes),
      writeLater: (key, make) =>
        isMemory(key) ? scratch.writeLater(key, make) : home.write(key, make()),
      async list(prefix) {
        const keys = [...(await scratch.list(prefix)), ...(await home.list(prefix))];
        return [...new Set(keys)].sort();
      },
      async remove(key) {
        if (isMemory(key)) await scratch.remove(key);
        if (await isAtHome(key)) await home.remove(key);
      },
      async removeAll(keys) {
        await removeAll(scratch, keys.filter(isMemory));
        const there = await Promise.all(keys.map(isAtHome));
        await removeAll(
          home,
          keys.filter((_, i) => there[i]),
        );
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

/** Makes bytes of what is written later once somebody reads it: most of it never is. */
function puttingOff(store: Store): Store & Required<Pick<Store, "writeLater">> {
  const unmade = new Map<string, () => Uint8Array>();
  const settle = async (key: string) => {
    const make = unmade.get(key);
    if (make !== undefined && unmade.delete(key)) await store.write(key, make());
  };
  return {
    async read(key) {
      await settle(key);
      return store.read(key);
    },
    write(key, bytes) {
      unmade.delete(key);
      return store.write(key, bytes);
    },
    async writeOnce(key, bytes) {
      await settle(key);
      return store.writeOnce(key, bytes);
    },
    async writeLater(key, make) {
      unmade.set(key, make);
    },
    async list(prefix) {
      const later = [...unmade.keys()].filter((key) => key.startsWith(prefix));
      return [...new Set([...(await store.list(prefix)), ...later])].sort();
    },
    async remove(key) {
      unmade.delete(key);
      await store.remove(key);
    },
  };
}
