import type { Prepared } from "../data/prepared.ts";
import { bounds } from "../limits.ts";
import type { Store } from "../ports/store.ts";
import { planRun } from "../run/plan.ts";
import type { RunRecord } from "../run/record.ts";
import { readManifest } from "../run/workplace.ts";
import { memoryStore } from "../storage/memory.ts";

/** More workers than anything but a simulation has: thousands of small shards. */
export function isVast({ workers }: { readonly workers: number }): boolean {
  return workers > bounds.workersMax;
}

/**
 * A store for vast simulations: encoded shards stay in memory, as they are thousands of small
 * objects that the same rows give again in a moment. Everything else is kept at home.
 */
export function scratchShards(home: Store): Store {
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
  };
}

/** Encodes a run's rows again where its shards were not kept; otherwise it costs nothing. */
export async function encodeAgain(record: RunRecord, store: Store): Promise<void> {
  const { spec } = record;
  const prepared = await readManifest<Prepared>(store, record.prepared);
  const { method, encoding } = planRun(spec);
  await method.stage({ spec, encoding, prepared, store, onProgress: () => undefined });
}
