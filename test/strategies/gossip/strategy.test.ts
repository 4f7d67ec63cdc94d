import { describe, expect, test } from "vitest";
import { replay } from "../../../src/engine/replay.ts";
import { privacySpent } from "../../../src/run/privacy-spent.ts";
import type { RunSpec } from "../../../src/spec/run-spec.ts";
import { nodeMessageKey } from "../../../src/store-layout.ts";
import { mixingWeightsOf } from "../../../src/strategies/gossip/mixing-weights.ts";
import { gossip } from "../../../src/strategies/gossip/strategy.ts";
import type { ConsensusStepTask } from "../../../src/tasks/consensus-step.ts";
import { metropolis } from "../../../src/topology/mixing.ts";
import { topologies } from "../../../src/topology/registry.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";
import { sceneOf } from "./scene.ts";

const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.1, hangs: 0.02 };
const patient = Number.POSITIVE_INFINITY;

describe("gossip keeps the laws in stormy weather", () => {
  test.each([
    ["all", { needed: 6, enough: 6, deadlineMs: patient }],
    ["fastest 4", { needed: 4, enough: 4, deadlineMs: patient }],
    ["a deadline", { needed: 2, enough: 6, deadlineMs: 40 }],
  ])("waiting for %s, replies lost and repeated", async (name, wait) => {
    const { plan, perform } = sceneOf({ wait });
    const end = await virtualRun(lawful(gossip(plan)), {
      perform,
      fateOf: fatesOf(stormy, name),
      around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.round).toBe(5);
    const again = await replay(gossip(plan), end.events, perform);
    expect(again.mean).toEqual(end.state.mean);
  });

  test("resumed half way, to the same bits", async () => {
    const scene = sceneOf();
    const whole = await virtualRun(lawful(gossip(scene.plan)), { perform: scene.perform });
    const from = whole.saved[1]!;
    const rest = await virtualRun(lawful(gossip(scene.plan)), { perform: scene.perform, from });
    expect(rest.state.mean).toEqual(whole.state.mean);
  });
});

describe("stragglers", () => {
  test("never change what anybody has released, and stay paid", async () => {
    const scene = sceneOf({ wait: { needed: 4, enough: 4, deadlineMs: patient } });
    const published = new Map<string, string>();
    const end = await virtualRun(gossip(scene.plan), {
      async perform(task) {
        const reply = await scene.perform(task);
        const key = nodeMessageKey(scene.run, task.round, task.slot);
        const bytes = Buffer.from((await scene.store.read(key))!).toString("hex");
        expect(published.get(key) ?? bytes).toBe(bytes);
        published.set(key, bytes);
        return reply;
      },
      fateOf: fatesOf({ model: "late", probability: 0.4, delayMs: 500 }, 3),
      around: (compute, clock) => twice(700)(compute, clock),
    });
    expect(end.state.round).toBe(5);
    for (const [key, hex] of published)
      expect(Buffer.from((await scene.store.read(key))!).toString("hex")).toBe(hex);
    const counted = end.events.filter((event) => event.type === "round");
    const used = counted.reduce((sum, { counted: slots }) => sum + slots.length, 0);
    const privacy = { epsilon: 1, delta: 1e-5, unit: "node", adjacency: "replace-one" };
    const spec = { privacy, workers: 6 } as RunSpec;
    const spent = (await privacySpent(scene.store, scene.run, spec))!;
    // Some came too late to be used, and are in the sum all the same.
    expect(spent.released).toBe(published.size);
    expect(spent.released).toBeGreaterThan(used);
    expect(spent.epsilon).toBeLessThanOrEqual(1);
  });

  test("whoever is missing is not mixed; who hears nobody sits the round out", () => {
    const mixing = metropolis(topologies.create({ type: "ring" }).graph(6));
    const all = [0, 1, 2, 3, 4, 5];
    expect(mixingWeightsOf(mixing, 0, all)!.weights.length).toBe(3);
    const fewer = mixingWeightsOf(mixing, 0, [1, 2, 3])!;
    expect([...fewer.from]).toEqual([1]);
    expect([...fewer.weights]).toEqual([1]);
    expect(mixingWeightsOf(mixing, 0, [2, 3, 4])).toBeNull();
  });

  test("with nobody near, a run goes on without the node and takes it in again", async () => {
    const { plan, perform } = sceneOf({ wait: { needed: 1, enough: 1, deadlineMs: patient } });
    const end = await virtualRun(lawful(gossip(plan)), { perform, fateOf: fatesOf(stormy, 9) });
    expect(end.state.round).toBe(5);
  });
});

test("the orchestrator's state holds released messages and nothing that was not", async () => {
  const scene = sceneOf();
  const end = await virtualRun(gossip(scene.plan), { perform: scene.perform });
  const last = await Promise.all(
    scene.shards.map(async (_, node) => {
      const bytes = (await scene.store.read(nodeMessageKey(scene.run, 5, node)))!;
      return new Float64Array(new Uint8Array(bytes).buffer, 0, end.state.mean.length);
    }),
  );
  const mean = last[0]!.map((_, j) => last.reduce((sum, y) => sum + y[j]! / 6, 0));
  for (const [j, value] of mean.entries()) expect(end.state.mean[j]).toBeCloseTo(value, 12);
  const event = end.events.find((one) => one.type === "round")!;
  expect(event).toMatchObject({ objectiveEstimate: Number.NaN });
});

test("a budget that is too small is refused by the nodes, and nothing is published", async () => {
  const scene = sceneOf({ epsilon: 0.5 });
  const tasks = gossip(scene.plan).wanted(gossip(scene.plan).start()) as ConsensusStepTask[];
  // Two of five equal messages are worth more than half of epsilon 1.
  await scene.perform(tasks[0]!);
  const next = { ...tasks[0]!, round: 2, from: Uint32Array.of(0), mixing: Float64Array.of(1) };
  await expect(scene.perform(next)).rejects.toMatchObject({ code: "over-budget" });
  expect(await scene.store.read(nodeMessageKey(scene.run, 2, 0))).toBeNull();
});
