import type { Prepared } from "../data/manifests.ts";
import type { RunRecord } from "../journal/run-record.ts";
import { bounds } from "../limits.ts";
import { removeAll } from "../ports/remove-all.ts";
import type { Store } from "../ports/store.ts";
import { resolveMembers } from "../run/resolve-members.ts";
import { memoryStore } from "../storage/memory.ts";
import { readEncodedManifest } from "../worker/worker-context.ts";

/** More workers than anything but a simulation has: thousands of small shards. */
export function needsEphemeralShards({ workers }: { readonly workers: number }): boolean {
  return workers > bounds.workersMax;
}

/**
 * A store for vast simulations: encoded shards stay in memory, as they are thousands of small
 * objects that the same rows give again in a moment. Everything else is kept at home.
 */
export function ephemeralShards(home: Store): Store {
  const scratch = memoryStore();
  // Parts come before the manifest that says whose they are.
  const undecided = new Set<string>();
  const isEncoded = (key: string) => key.startsWith("encoded/");
  const isPart = (key: string) => key.startsWith("parts/");
  const keep = async () => {
    for (const key of undecided) await home.writeOnce(key, (await scratch.read(key))!);
    undecided.clear();
  };
  return {
    read: async (key) => (await scratch.read(key)) ?? home.read(key),
    async write(key, bytes) {
      if (isEncoded(key)) {
        undecided.clear();
        return scratch.write(key, bytes);
      }
      await keep();
      return home.write(key, bytes);
    },
    async writeOnce(key, bytes) {
      if (!isPart(key)) return home.writeOnce(key, bytes);
      undecided.add(key);
      return scratch.writeOnce(key, bytes);
    },
    list: async (prefix) => {
      const keys = [...(await scratch.list(prefix)), ...(await home.list(prefix))];
      return [...new Set(keys)].sort();
    },
    async remove(key) {
      await scratch.remove(key);
      await home.remove(key);
    },
    async removeAll(keys) {
      await removeAll(scratch, keys);
      await removeAll(home, keys);
    },
  };
}

/** Encodes a run's rows again where its shards were not kept; otherwise it costs nothing. */
export async function encodeAgain(record: RunRecord, store: Store): Promise<void> {
  const { spec } = record;
  const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
  const { method, encoding } = resolveMembers(spec);
  await method.stage({ spec, encoding, prepared, store, onProgress: () => undefined });
}
