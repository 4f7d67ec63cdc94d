import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { Store } from "../../../src/ports/store.ts";
import { clippedGradientParts } from "../../../src/problems/clipped-gradients.ts";
import { problems } from "../../../src/problems/registry.ts";
import { privacySpent } from "../../../src/run/privacy-spent.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { ledgerPrefix, noisedSumKey, rawSumPrefix } from "../../../src/store-layout.ts";
import { dpSgd } from "../../../src/strategies/dp-sgd/strategy.ts";
import { publishedVectorOf } from "../../../src/tasks/published-vector.ts";
import { toPacket } from "../../../src/wire/packet.ts";
import { found, type Needle, needle, telling } from "../../privacy/needles.ts";
import { virtualRun } from "../../run/virtual-run.ts";
import { type Scene, type SceneOptions, sceneOf } from "../dp-sgd/scene.ts";

const together: SceneOptions = { noise: "workers", secureSum: 3 };

/** What slots' clipped gradients add up to before anything has moved. */
function firstSums({ shards, spec, plan }: Scene): Float64Array[] {
  const problem = problems.create(spec.problem);
  const zero = new Float64Array(plan.weightsLength);
  return shards.map((shard) => clippedGradientParts(problem, shard, zero, plan.clip).clipped);
}

/** The noise of the first published sum, over the deviation that is paid for. */
async function firstNoise(scene: Scene): Promise<number[]> {
  await virtualRun(dpSgd({ ...scene.plan, roundsMax: 1 }), { perform: scene.perform });
  const key = noisedSumKey(scene.run, 0);
  const published = publishedVectorOf(
    (await scene.store.read(key))!,
    key,
    scene.plan.weightsLength,
  );
  const sums = firstSums(scene);
  const { noise } = scene.plan.published.rule;
  return [...published].map((value, j) => {
    const sum = sums.reduce((total, one) => total + one[j]!, 0);
    return (value - sum) / noise;
  });
}

test("the noise is as much as one worker would add, and a member's share more", async () => {
  const noises: number[] = [];
  for (let i = 0; i < 150; i++)
    noises.push(...(await firstNoise(sceneOf({ ...together, run: `run-${i}` }))));
  const variance = noises.reduce((sum, one) => sum + one * one, 0) / noises.length;
  // Four shares where three suffice, as one member may know its own.
  expect(Math.abs(variance / (4 / 3) - 1)).toBeLessThan(4 * Math.sqrt(2 / noises.length));
  const scene = sceneOf(together);
  const shares = new Set<number>();
  await virtualRun(dpSgd(scene.plan), {
    perform(task) {
      if (task.operation === "secure-clipped-sum") shares.add(task.shares);
      return scene.perform(task);
    },
  });
  expect([...shares]).toEqual([3]);
  const spent = (await privacySpent(scene.store, scene.run, scene.spec))!;
  expect([spent.released, spent.epsilon <= 2, spent.epsilon > 1.99]).toEqual([5, true, true]);
});

describe("what a slot's sum is", () => {
  const at = (scene: Scene): Needle[] =>
    firstSums(scene).flatMap((sum) =>
      [...sum].filter(telling).map((value) => needle("a slot's sum", value)),
    );

  async function scan(options: SceneOptions): Promise<string[]> {
    const scene = sceneOf({ ...options, change: { stop: { rounds: 1 } } });
    const needles = at(scene);
    const leaks: string[] = [];
    const look = (place: string, bytes: Uint8Array) => leaks.push(...found(needles, place, bytes));
    await virtualRun(dpSgd(scene.plan), {
      async perform(task) {
        look("a task", toPacket(task));
        const reply = await scene.perform(task);
        look("a reply", toPacket(reply));
        look("a reply", Buffer.from(inspect(reply, { maxArrayLength: null })));
        // All that lies in the store by then, but the slots' secrets: sums put aside as well.
        for (const key of await scene.store.list(""))
          if (!key.startsWith("secrets/scene/node-")) look(key, (await scene.store.read(key))!);
        return reply;
      },
    });
    expect(needles.length).toBeGreaterThan(20);
    return leaks;
  }

  test("stands in no task, no reply and no object, put aside or published", async () => {
    expect(await scan(together)).toEqual([]);
  });

  test("stands put aside where one worker noises: what is looked for would be found", async () => {
    const leaks = await scan({});
    expect(leaks.some((leak) => leak.includes(rawSumPrefix("scene")))).toBe(true);
  });
});

/** A store whose n-th call fails, before or after it did what it was asked; notes what is put. */
function failingAt(inner: Store, count: number, isDone: boolean) {
  let calls = 0;
  const put = new Map<string, Set<string>>();
  const struck = async <T>(key: string, act: () => Promise<T>): Promise<T> => {
    if (++calls !== count) return act();
    if (isDone) await act();
    throw new Error(`call ${count} failed, ${key}`);
  };
  const noted = (key: string, bytes: Uint8Array, act: () => Promise<unknown>) => {
    put.set(key, (put.get(key) ?? new Set()).add(Buffer.from(bytes).toString("hex")));
    return struck(key, act);
  };
  const store: Store = {
    read: (key) => struck(key, () => inner.read(key)),
    write: (key, bytes) => noted(key, bytes, () => inner.write(key, bytes)) as Promise<void>,
    writeOnce: (key, bytes) =>
      noted(key, bytes, () => inner.writeOnce(key, bytes)) as Promise<boolean>,
    list: (prefix) => struck(prefix, () => inner.list(prefix)),
    remove: (key) => struck(key, () => inner.remove(key)),
  };
  return { store, put, calls: () => calls };
}

test("faults at every call of a round: nothing told, one sum opened, published, paid", async () => {
  let failures = 0;
  for (let count = 1, isOver = false; !isOver; count++)
    for (const isDone of [false, true]) {
      const inner = memoryStore();
      const failing = failingAt(inner, count, isDone);
      const scene = sceneOf({ ...together, store: failing.store, change: { workers: 3 } });
      const needles = firstSums(scene).flatMap((sum) =>
        [...sum].filter(telling).map((value) => needle("a slot's sum", value)),
      );
      const texts: string[] = [];
      const end = await virtualRun(dpSgd({ ...scene.plan, roundsMax: 1 }), {
        async perform(task) {
          try {
            const reply = await scene.perform(task);
            texts.push(inspect(reply, { depth: 9, maxArrayLength: null }));
            return reply;
          } catch (thrown) {
            failures++;
            texts.push(inspect(thrown, { depth: 9 }));
            throw thrown;
          }
        },
      });
      expect(end.state.round).toBe(1);
      isOver = failing.calls() < count;
      for (const text of texts) expect(found(needles, "a text", Buffer.from(text))).toEqual([]);
      for (const key of await inner.list("")) {
        if (key.startsWith("secrets/scene/node-")) continue;
        expect(found(needles, key, (await inner.read(key))!)).toEqual([]);
        // Whoever tried to put it, and when: the bytes are the same.
        expect(failing.put.get(key)?.size ?? 1, key).toBe(1);
      }
      const entries = await inner.list(ledgerPrefix(scene.run, "aggregator"));
      expect(entries.filter((key) => !key.includes("committed")).length).toBe(1);
      expect(await inner.list(rawSumPrefix(scene.run))).toEqual([]);
    }
  expect(failures).toBeGreaterThan(40);
});
