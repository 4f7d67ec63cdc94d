import { RunError } from "../core/errors.ts";
import { type Encoded, parseManifest } from "../data/manifests.ts";
import { readWorkerEncodedShard } from "../data/shards/worker-encoded.ts";
import { encodings } from "../encoding/registry.ts";
import type { Examples } from "../math/rows.ts";
import type { Store } from "../ports/store.ts";
import type { WorkerRequest } from "../tasks/protocol.ts";
import type { WorkerContext } from "../tasks/task-kind.ts";
import { readObject } from "./objects.ts";

/** Where requests are answered: what was read for one is there for the next, as far as it fits. */
export function workerContexts(
  store: Store,
  shardsMax: number,
): (request: WorkerRequest) => Promise<WorkerContext> {
  const manifests = new Map<string, Promise<Encoded>>();
  const shards = new Map<string, Promise<Examples>>();
  const made = new Map<string, Promise<unknown>>();

  const manifest = (key: string) =>
    remember(manifests, 1, key, () => readEncodedManifest<Encoded>(store, key));
  const shard = (key: string, slot: number) =>
    remember(shards, shardsMax, `${key}#${slot}`, async () => {
      const encoded = await manifest(key);
      if (slot >= encoded.slots.length)
        throw new RunError("unknown-slot", `${key} has no slot ${slot}, only ${encoded.workers}`);
      return readWorkerEncodedShard(store, encoded, slot, (chosen) => encodings.create(chosen));
    });
  return async ({ encoded, run, task: { slot } }) => ({
    store,
    run,
    encoded: await manifest(encoded),
    slot,
    slots: shardsMax,
    shard: () => shard(encoded, slot),
    object: (ref) => readObject(store, ref),
    cached: <Made>(name: string, make: () => Promise<Made>) =>
      remember(made as Map<string, Promise<Made>>, shardsMax, `${encoded}#${slot}/${name}`, make),
  });
}

/**
 * A manifest of prepared or encoded data; `contentDigest` is what a record says of it. Throws
 * `RunError` for one that is gone, damaged or of another version.
 */
export async function readEncodedManifest<T>(
  store: Store,
  key: string,
  contentDigest?: string,
): Promise<T> {
  const bytes = await store.read(key);
  if (bytes === null) {
    throw new RunError("no-manifest", `${key} is not in the store`, {
      hint: "encode the data again: kofn encode SPEC",
    });
  }
  return parseManifest<T>(bytes, key, contentDigest);
}

/** A failed load is forgotten, so that the next request tries again. */
function remember<T>(
  known: Map<string, Promise<T>>,
  countMax: number,
  key: string,
  make: () => Promise<T>,
): Promise<T> {
  const found = known.get(key);
  if (found !== undefined) return found;
  for (const old of known.keys()) {
    if (known.size < countMax) break;
    known.delete(old);
  }
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
