import { describe, expect, test } from "vitest";
import { replay } from "../../../src/engine/replay.ts";
import { privacySpent } from "../../../src/run/privacy-spent.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { noisedSumKey, rawSumPrefix } from "../../../src/store-layout.ts";
import { dpSgd } from "../../../src/strategies/dp-sgd/strategy.ts";
import type { ClippedGradientSumTask } from "../../../src/tasks/clipped-gradient-sum.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";
import { type SceneOptions, sceneOf } from "./scene.ts";
import { noiseOf, textbook } from "./textbook.ts";

const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.15, hangs: 0.02 };
const rounds = 5;

const settings: [string, SceneOptions][] = [
  ["all, noised by the aggregator", {}],
  ["all, noised by workers", { noise: "workers" }],
  ["the fastest 3, by the aggregator", { change: { wait: { fastest: 3 } } }],
  ["the fastest 3, by workers", { noise: "workers", change: { wait: { fastest: 3 } } }],
  ["the fastest 3, by workers in a secure sum", secure({ wait: { fastest: 3 } })],
  ["all of 6 workers, a committee of 5", secure({ workers: 6 }, 5)],
  ["a deadline", { change: { wait: { deadline: "40ms", atLeast: 2 } } }],
];

function secure(change: object, secureSum: 3 | 5 = 3): SceneOptions {
  return { noise: "workers", secureSum, change };
}

describe("dp-sgd keeps the laws in stormy weather", () => {
  test.each(settings)("%s: replies late, lost and repeated", async (name, options) => {
    const { plan, perform, store, run, spec } = sceneOf(options);
    const end = await virtualRun(lawful(dpSgd(plan)), {
      perform,
      fateOf: fatesOf(stormy, name),
      around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.round).toBe(rounds);
    const again = await replay(dpSgd(plan), end.events, perform);
    expect(again.weights).toEqual(end.state.weights);
    const spent = (await privacySpent(store, run, spec))!;
    // One entry a publisher and round, whatever was repeated.
    const isEach = options.noise === "workers" && options.secureSum === undefined;
    expect(spent.released).toBeLessThanOrEqual(isEach ? 4 * rounds : rounds);
    expect(spent.epsilon).toBeLessThanOrEqual(2);
    expect(spent.epsilon).toBeGreaterThan(1.99);
  });

  test.each<[string, SceneOptions]>([
    ["aggregator", {}],
    ["workers", { noise: "workers" }],
    ["workers together", secure({})],
  ])("resumed half way, noise at the %s", async (_name, options) => {
    const scene = sceneOf(options);
    const whole = await virtualRun(lawful(dpSgd(scene.plan)), { perform: scene.perform });
    const from = whole.saved[2]!;
    const rest = await virtualRun(lawful(dpSgd(scene.plan)), { perform: scene.perform, from });
    expect(rest.state.weights).toEqual(whole.state.weights);
    expect((await privacySpent(scene.store, scene.run, scene.spec))!.epsilon).toBeLessThanOrEqual(
      2,
    );
  });
});

describe("the textbook's loop, given the same noise", () => {
  test.each<[string, SceneOptions]>([
    ["softmax at the aggregator", {}],
    ["softmax at workers", { noise: "workers" }],
    ["logistic", { change: { problem: { type: "logistic", l2: 0.1 } } }],
    ["ridge", { change: { problem: { type: "ridge", l2: 0.1 }, data: numbers() } }],
    [
      "mean, whose gradient has a part that no row is in",
      { change: { problem: "mean", data: numbers() } },
    ],
  ])("%s", async (_name, options) => {
    const scene = sceneOf(options);
    const noise: Float64Array[] = [];
    const end = await virtualRun(dpSgd(scene.plan), {
      async perform(task) {
        const reply = await scene.perform(task);
        const drawn = await noiseOf(scene, task);
        const before = noise[task.round];
        if (drawn !== null) noise[task.round] = drawn.map((one, j) => one + (before?.[j] ?? 0));
        return reply;
      },
    });
    expect(noise.length).toBe(rounds);
    expect(apart(end.state.weights, textbook(scene, noise))).toBeLessThan(1e-5);
    const silent = noise.map((one) => one.map(() => 0));
    expect(apart(end.state.weights, textbook(scene, silent))).toBeGreaterThan(1e-2);
  });
});

describe("sums without noise", () => {
  test("are under secrets/ alone, and gone after the round", async () => {
    const scene = sceneOf();
    const seen = new Set<string>();
    const store = scene.store;
    await virtualRun(dpSgd(scene.plan), {
      async perform(task) {
        const reply = await scene.perform(task);
        if (task.operation === "clipped-sum") expect(reply.values.length).toBe(0);
        for (const key of await store.list(rawSumPrefix(scene.run))) seen.add(key);
        return reply;
      },
    });
    expect(seen.size).toBe(4 * rounds);
    for (const key of seen) expect(key.startsWith("secrets/")).toBe(true);
    expect(await store.list(rawSumPrefix(scene.run))).toEqual([]);
  });

  test("an aggregator that finds one missing says so, and publishes nothing", async () => {
    const scene = sceneOf();
    const strategy = dpSgd(scene.plan);
    const [task] = strategy.wanted(strategy.start()) as ClippedGradientSumTask[];
    await scene.perform(task!);
    const publishes = scene.plan.published;
    const { round, weights, slot } = task!;
    const about = { id: "total", slot, round, weights, publishes } as const;
    const asked = { ...about, operation: "noised-sum", from: Uint32Array.of(0, 1) } as const;
    await expect(scene.perform(asked)).rejects.toMatchObject({ code: "no-sum" });
    expect(await scene.store.read(noisedSumKey(scene.run, 0))).toBeNull();
  });
});

test("a worker that cannot pay publishes nothing", async () => {
  const store = memoryStore();
  const scene = sceneOf({ store, noise: "workers" });
  const strategy = dpSgd(scene.plan);
  const [task] = strategy.wanted(strategy.start()) as ClippedGradientSumTask[];
  const publishes = { ...task!.publishes!, budget: { epsilon: 0.1, delta: 1e-5 } };
  await expect(scene.perform({ ...task!, publishes })).rejects.toMatchObject({
    code: "over-budget",
  });
  expect((await store.list("runs/")).filter((key) => key.includes("/round/"))).toEqual([]);
});

function numbers() {
  return { generate: { type: "regression", rows: 24 }, standardize: false, test: 0 };
}

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.hypot(...Array.from(a, (value, i) => value - b[i]!));
}
