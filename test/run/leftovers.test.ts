import { expect, test } from "vitest";
import type { Encoded } from "../../src/data/manifests.ts";
import type { Store } from "../../src/ports/store.ts";
import { finishRun, removeLeftovers } from "../../src/run/finish.ts";
import { ephemeralState } from "../../src/simulation/ephemeral-state.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { memoryKey, memoryPrefix, modelKey, resultKey } from "../../src/store-layout.ts";
import { writeWorkerState } from "../../src/tasks/worker-state.ts";
import { scene, segment, table } from "../simulation/simulated-run.ts";

/** What was done to a store, in order. */
function noted(inner: Store, mayRemove: () => boolean = () => true) {
  const done: string[] = [];
  const store: Store = {
    ...inner,
    write: (key, bytes) => {
      done.push(`write ${key}`);
      return inner.write(key, bytes);
    },
    list: (prefix) => {
      done.push(`list ${prefix}`);
      return inner.list(prefix);
    },
    remove: (key) => {
      done.push(`remove ${key}`);
      return inner.remove(key);
    },
    async removeAll(keys) {
      done.push(`remove ${keys.length}`);
      for (const key of keys) {
        if (!mayRemove()) throw new Error("killed");
        await inner.remove(key);
      }
    },
  };
  return { store, done };
}

const spec = {
  problem: { type: "ridge", l2: 0.05 },
  workers: 3,
  wait: "all",
  strategy: { type: "local-steps", steps: 2, batch: 8 },
  compression: { type: "top-k", k: 1 },
  stop: { rounds: 9, tolerance: 0 },
};

test("the model is there before memories go at once, and a killed removal goes on", async () => {
  const start = await scene(spec, table(90, 4, 3));
  const { run } = start.record;
  const end = await segment(start);
  const memories = await start.store.list(memoryPrefix(run));
  expect(memories.length).toBeGreaterThanOrEqual(27);
  let left = 10;
  const { store, done } = noted(start.store, () => left-- > 0);
  const { prepared } = start.staged;
  await expect(finishRun(start.record, prepared, end, store)).rejects.toThrow("killed");
  expect(done.findIndex((one) => one.startsWith("remove"))).toBeGreaterThan(
    done.indexOf(`write ${resultKey(run)}`),
  );
  expect(done.filter((one) => one.startsWith("remove"))).toEqual([`remove ${memories.length}`]);
  expect(await start.store.read(modelKey(run))).not.toBeNull();
  expect((await start.store.list(memoryPrefix(run))).length).toBe(memories.length - 10);
  await removeLeftovers(start.store, run, true);
  expect(await start.store.list(memoryPrefix(run))).toEqual([]);
});

test("a simulation asks its home nothing about memories that were never there", async () => {
  const inner = memoryStore();
  const earlier = memoryKey("r", 0, 1);
  await inner.write(earlier, Uint8Array.of(1));
  const home = noted(inner);
  const { store } = ephemeralState(home.store);
  for (let round = 2; round < 500; round++) {
    await store.write(memoryKey("r", 0, round), Uint8Array.of(2));
    if (round > 20) await store.remove(memoryKey("r", 0, round - 18));
  }
  expect(home.done).toEqual([`list ${memoryPrefix("r")}`]);
  await store.remove(earlier);
  expect(await inner.list("")).toEqual([]);
  const { length } = home.done;
  await store.removeAll!(await store.list(memoryPrefix("r")));
  expect(home.done.slice(length).filter((one) => one.startsWith("remove"))).toEqual([]);
  expect(await store.list("")).toEqual([]);
});

test("what all slots of one process remember is bounded together", async () => {
  const store = memoryStore();
  const kept = new Map<string, Promise<unknown>>();
  const left = new Float64Array(65_536);
  for (let round = 0; round < 60; round++) {
    const cached = <Made>(name: string, make: () => Promise<Made>) => {
      const made = (kept.get(name) ?? make()) as Promise<Made>;
      kept.set(name, made);
      return made;
    };
    const encoded = { digest: "d" } as Encoded;
    const shard = () => Promise.reject(new Error("not asked for"));
    const place = { store, run: "r", slot: 5, slots: 24, encoded, shard, object: shard, cached };
    await writeWorkerState(place, round, { left, velocity: null });
  }
  // 256 MiB over 24 slots.
  const keys = await store.list("");
  expect(keys.length).toBeGreaterThan(16);
  expect(keys.length * left.byteLength).toBeLessThan((256 * 1024 * 1024) / 24);
});
