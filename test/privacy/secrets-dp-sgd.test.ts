import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { clippedGradientParts } from "../../src/problems/clipped-gradients.ts";
import { problems } from "../../src/problems/registry.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { ledgerPrefix } from "../../src/store-layout.ts";
import { dpSgd } from "../../src/strategies/dp-sgd/strategy.ts";
import type { ClippedGradientSumTask } from "../../src/tasks/clipped-gradient-sum.ts";
import type { NoisyAggregateTask } from "../../src/tasks/noisy-aggregate.ts";
import type { WorkerTask } from "../../src/tasks/protocol.ts";
import { type Scene, sceneOf } from "../strategies/dp-sgd/scene.ts";
import { found, type Needle, needle, telling } from "./needles.ts";

/** A store whose n-th call fails, before or after it did what it was asked; notes what is put. */
function failingAt(inner: Store, call: number, isDone: boolean) {
  let calls = 0;
  const put = new Map<string, Set<string>>();
  const struck = async <T>(key: string, act: () => Promise<T>): Promise<T> => {
    calls++;
    if (calls !== call) return act();
    if (isDone) await act();
    throw new Error(`call ${call} failed, ${key}`);
  };
  const note = (key: string, bytes: Uint8Array) =>
    put.set(key, (put.get(key) ?? new Set()).add(Buffer.from(bytes).toString("hex")));
  const store: Store = {
    read: (key) => struck(key, () => inner.read(key)),
    write(key, bytes) {
      note(key, bytes);
      return struck(key, () => inner.write(key, bytes));
    },
    writeOnce(key, bytes) {
      note(key, bytes);
      return struck(key, () => inner.writeOnce(key, bytes));
    },
    list: (prefix) => struck(prefix, () => inner.list(prefix)),
    remove: (key) => struck(key, () => inner.remove(key)),
  };
  return { store, put, calls: () => calls };
}

/** The tasks of a round: every slot's sum, and, where there is one, the aggregator's. */
function tasksOf({ plan }: Scene): WorkerTask[] {
  const strategy = dpSgd(plan);
  const sums = strategy.wanted(strategy.start()) as ClippedGradientSumTask[];
  if (plan.noiseAt === "workers") return sums;
  const { round, weights } = sums[0]!;
  const from = Uint32Array.from(sums, ({ slot }) => slot);
  const about = { id: "total", slot: 1, round, weights, publishes: plan.published };
  return [...sums, { ...about, operation: "noised-sum", from } satisfies NoisyAggregateTask];
}

function needlesOf({ shards, spec, plan }: Scene): Needle[] {
  const problem = problems.create(spec.problem);
  const zero = new Float64Array(plan.weightsLength);
  const total = new Float64Array(plan.weightsLength);
  const needles: Needle[] = [];
  for (const shard of shards) {
    for (const value of shard.rows.values)
      if (telling(value)) needles.push(needle("a raw value", value));
    const { clipped } = clippedGradientParts(problem, shard, zero, plan.clip);
    for (const [j, value] of clipped.entries()) {
      total[j]! += value;
      if (telling(value)) needles.push(needle("a sum of gradients", value));
    }
  }
  for (const value of total) if (telling(value)) needles.push(needle("a total", value));
  return needles;
}

test.each(["aggregator", "workers"] as const)(
  "faults at every call of a round, noise at the %s: nothing told, published once, paid once",
  async (noise) => {
    let failures = 0;
    for (let call = 1, isOver = false; !isOver; call++) {
      for (const isDone of [false, true]) {
        const inner = memoryStore();
        const failing = failingAt(inner, call, isDone);
        const scene = sceneOf({ store: failing.store, noise, change: { workers: 2 } });
        const needles = needlesOf(scene);
        const texts: string[] = [];
        const attempt = async (task: WorkerTask): Promise<void> => {
          try {
            texts.push(inspect(await scene.perform(task), { depth: 9, maxArrayLength: null }));
          } catch (thrown) {
            failures++;
            texts.push(inspect(thrown, { depth: 9 }), JSON.stringify(thrown), String(thrown));
            await attempt(task);
          }
        };
        for (const task of tasksOf(scene)) await attempt(task);
        isOver = failing.calls() < call;
        for (const text of texts) expect(found(needles, "a text", Buffer.from(text))).toEqual([]);
        for (const key of await inner.list("")) {
          if (!key.startsWith("secrets/"))
            expect(found(needles, key, (await inner.read(key))!)).toEqual([]);
          // Whoever tried to put it: the bytes are the same each time.
          if (!key.includes("/node-")) expect(failing.put.get(key)?.size ?? 1, key).toBe(1);
        }
        const publishers = noise === "workers" ? [0, 1] : ["aggregator" as const];
        for (const publisher of publishers) {
          const entries = (await inner.list(ledgerPrefix(scene.run, publisher))).filter(
            (key) => !key.includes("committed"),
          );
          expect(entries.length).toBe(1);
        }
        if (noise === "aggregator") expect(await inner.list("secrets/scene/sums/")).toEqual([]);
      }
    }
    expect(failures).toBeGreaterThan(20);
    // What is looked for would be found.
    const scene = sceneOf({ change: { workers: 2 } });
    const problem = problems.create(scene.spec.problem);
    const zero = new Float64Array(scene.plan.weightsLength);
    const leak = inspect(clippedGradientParts(problem, scene.shards[0]!, zero, scene.plan.clip));
    expect(found(needlesOf(scene), "a leak", Buffer.from(leak)).length).toBeGreaterThan(0);
  },
);
