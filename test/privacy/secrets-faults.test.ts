import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { Store } from "../../src/ports/store.ts";
import { clippedGradientParts } from "../../src/problems/clipped-gradients.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { gossip } from "../../src/strategies/gossip/strategy.ts";
import type { ConsensusStepTask } from "../../src/tasks/consensus-step.ts";
import { nextState } from "../../src/tasks/consensus-update.ts";
import { problem, sceneOf } from "../strategies/gossip/scene.ts";
import { found, needle, telling } from "./needles.ts";

/** A store whose n-th call fails, before or after it did what it was asked. */
function failingAt(inner: Store, call: number, isDone: boolean) {
  let calls = 0;
  const struck = async <T>(key: string, act: () => Promise<T>): Promise<T> => {
    calls++;
    if (calls !== call) return act();
    if (isDone) await act();
    throw new Error(`call ${call} failed, ${key}`);
  };
  const store: Store = {
    read: (key) => struck(key, () => inner.read(key)),
    write: (key, bytes) => struck(key, () => inner.write(key, bytes)),
    writeOnce: (key, bytes) => struck(key, () => inner.writeOnce(key, bytes)),
    list: (prefix) => struck(prefix, () => inner.list(prefix)),
    remove: (key) => struck(key, () => inner.remove(key)),
  };
  return { store, calls: () => calls };
}

function needlesOf(task: ConsensusStepTask, scene: ReturnType<typeof sceneOf>) {
  const rows = scene.shards[task.slot]!;
  const zero = new Float64Array(3);
  const x = nextState(problem, rows, zero, task.rule);
  const { clipped } = clippedGradientParts(problem, rows, zero, task.rule.clip);
  const raw = Array.from(rows.rows.values, (value) => needle("a raw value", value));
  const state = [...x].filter(telling).map((value) => needle("a state without noise", value));
  const sums = [...clipped].filter(telling).map((value) => needle("a sum of gradients", value));
  return [...raw, ...state, ...sums];
}

test("24: faults at every call of a release: nothing tells what it hides", async () => {
  let call = 0;
  let failures = 0;
  for (let isOver = false; !isOver; ) {
    call++;
    for (const isDone of [false, true]) {
      const inner = memoryStore();
      const failing = failingAt(inner, call, isDone);
      const scene = sceneOf({ store: failing.store });
      const [task] = gossip(scene.plan).wanted(gossip(scene.plan).start()) as ConsensusStepTask[];
      const needles = needlesOf(task!, scene);
      const texts: string[] = [];
      const attempt = async () => {
        try {
          texts.push(inspect(await scene.perform(task!), { depth: 9, maxArrayLength: null }));
        } catch (thrown) {
          failures++;
          texts.push(inspect(thrown, { depth: 9 }), JSON.stringify(thrown), String(thrown));
        }
      };
      await attempt();
      isOver = failing.calls() < call;
      await attempt();
      for (const text of texts) expect(found(needles, "a text", Buffer.from(text))).toEqual([]);
      for (const key of await inner.list(""))
        if (!key.startsWith("secrets/"))
          expect(found(needles, key, (await inner.read(key))!)).toEqual([]);
      // What is looked for would be found.
      const leaky = inspect(nextState(problem, scene.shards[0]!, new Float64Array(3), task!.rule));
      expect(found(needles, "a leak", Buffer.from(leaky)).length).toBeGreaterThan(0);
    }
  }
  expect(failures).toBeGreaterThan(12);
});

test("24: what is out of the grid's reach is refused without its value", async () => {
  const scene = sceneOf();
  const [task] = gossip(scene.plan).wanted(gossip(scene.plan).start()) as ConsensusStepTask[];
  const tiny = { ...task!, noise: { ...task!.noise, noise: 1e-30, sensitivity: 1e-31 } };
  const thrown = await scene.perform(tiny).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: "out-of-grid" });
  expect(found(needlesOf(tiny, scene), "a reason", Buffer.from(inspect(thrown)))).toEqual([]);
});
