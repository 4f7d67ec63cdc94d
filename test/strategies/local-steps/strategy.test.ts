import { describe, expect, it } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { replay } from "../../../src/engine/replay.ts";
import { addTransposed } from "../../../src/math/products.ts";
import type { Stepper } from "../../../src/optimizers/optimizer.ts";
import { optimizers } from "../../../src/optimizers/registry.ts";
import type { RoundEvent, RunEvent } from "../../../src/ports/events.ts";
import { problems } from "../../../src/problems/registry.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { localSteps } from "../../../src/strategies/local-steps/strategy.ts";
import { minibatch } from "../../../src/tasks/minibatch.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import { type FaultDecision, noFault } from "../../../src/weather/fault-decision.ts";
import { fromPacket, toPacket } from "../../../src/wire/packet.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";
import { localPlan, type PlanOptions, regressionShards, workersOf } from "./scene.ts";

const columns = 6;
const l2 = 0.01;
const problem = problems.create({ type: "ridge", l2 } as never);
const shards = regressionShards(6, 120, columns);
const base: PlanOptions = {
  steps: 3,
  batch: 4,
  rate: 0.05,
  compression: { type: "top-k", k: 2 },
  roundsMax: 12,
};

const planOf = (options: PlanOptions = {}) =>
  localPlan(problem, shards, columns, { ...base, ...options });

const roundsOf = (events: readonly RunEvent[]) =>
  events.filter((event): event is RoundEvent => event.type === "round");

describe("laws in stormy weather", () => {
  const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.1, hangs: 0.02 };
  it.each<[string, PlanOptions]>([
    ["everybody", {}],
    ["the fastest four", { wait: { fastest: 4 } }],
    ["a deadline", { wait: { deadline: 40, atLeast: 3 }, momentum: 0.9 }],
    ["asynchronously", { asynchronous: true, stalenessMax: 60 }],
    ["EF21", { feedback: "ef21", wait: { fastest: 4 } }],
    ["without feedback, sign", { feedback: "none", compression: { type: "sign" } }],
    [
      "mada outside",
      { outer: optimizers.create({ type: "mada" }) as Stepper, wait: { fastest: 4 } },
    ],
  ])("%s", async (name, options) => {
    const plan = planOf(options);
    const { perform } = workersOf(problem, shards, { isCold: true });
    const end = await virtualRun(lawful(localSteps(plan)), {
      perform,
      fateOf: fatesOf(stormy, name),
      around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.round).toBe(12);
    const half = end.saved[5]!;
    const rest = await virtualRun(lawful(localSteps(plan)), {
      perform,
      fateOf: fatesOf(stormy, name),
      from: half,
    });
    expect(rest.state.round).toBe(12);
    // What was recorded gives the same weights again, by workers that remember nothing yet.
    const again = workersOf(problem, shards, { store: memoryStore() });
    const replayed = await replay(localSteps(plan), end.events, again.perform);
    expect(replayed.weights).toEqual(end.state.weights);
  });
});

describe("against a textbook loop", () => {
  it("one step, no compression, everybody: synchronous minibatch SGD to 1e-14", async () => {
    const options = { steps: 1, compression: { type: "none" }, feedback: "none" } as const;
    const { perform } = workersOf(problem, shards);
    const end = await virtualRun(localSteps(planOf({ ...options, roundsMax: 40 })), { perform });
    const weights = new Float64Array(columns);
    for (let t = 0; t < 40; t++) {
      const at = Float32Array.from(weights);
      for (const [slot, examples] of shards.entries()) {
        const random = randomFrom(1).fork(`round/${t}/slot/${slot}`).fork("step/0");
        const gradient = new Float64Array(columns);
        problem.lossAndGradient(minibatch(examples, 4, random), at, gradient);
        for (let j = 0; j < columns; j++) {
          const step = 0.05 * (gradient[j]! / 4 + l2 * at[j]!);
          // The wire is float32.
          weights[j]! -= Math.fround(at[j]! - (at[j]! - step)) / shards.length;
        }
      }
    }
    for (let j = 0; j < columns; j++)
      expect(Math.abs(end.state.weights[j]! - weights[j]!)).toBeLessThan(1e-14);
  });

  it("minibatches are drawn evenly from all rows, sparse ones as dense ones", () => {
    const rows = {
      kind: "dense",
      rows: 4,
      columns: 2,
      values: Float32Array.of(1, 0, 0, 2, 3, 4, 0, 0),
    } as const;
    const sparse = {
      kind: "sparse",
      rows: 4,
      columns: 2,
      values: Float32Array.of(1, 2, 3, 4),
      indices: Uint32Array.of(0, 1, 0, 1),
      offsets: Uint32Array.of(0, 1, 2, 4, 4),
    } as const;
    const targets = Float32Array.of(0, 1, 2, 3);
    const some = minibatch({ rows, targets }, 4_000, randomFrom(1));
    const same = minibatch({ rows: sparse, targets }, 4_000, randomFrom(1));
    expect(same.targets).toEqual(some.targets);
    for (const target of targets) {
      const count = some.targets.filter((one) => one === target).length;
      expect(Math.abs(count - 1000)).toBeLessThan(120);
    }
    const ones = new Float64Array(4_000).fill(1);
    const [a, b] = [some, same].map(({ rows }) => addTransposed(rows, ones, new Float64Array(2)));
    expect(b).toEqual(a);
    for (let i = 0; i < 50; i++)
      expect([...some.rows.values.subarray(2 * i, 2 * i + 2)]).toEqual([
        ...rows.values.subarray(2 * some.targets[i]!, 2 * some.targets[i]! + 2),
      ]);
  });
});

describe("who is late", () => {
  const slow = ({ slot }: WorkerTask): FaultDecision => ({
    ...noFault,
    delayMs: slot === 5 ? 35 : 0,
  });

  it("goes on from what it downloaded, and counts when it comes", async () => {
    const plan = planOf({ wait: { fastest: 5 }, roundsMax: 40 });
    const end = await virtualRun(localSteps(plan), { ...workersOf(problem, shards), fateOf: slow });
    const fates = end.events.flatMap((event) => (event.type === "arrival" ? [event.fate] : []));
    expect(new Set(fates)).toEqual(new Set(["counted"]));
    const told = roundsOf(end.events);
    expect(told.filter(({ counted }) => counted.includes(5)).length).toBeGreaterThan(5);
    expect(Math.max(...told.flatMap(({ staleness }) => staleness!))).toBeGreaterThanOrEqual(3);
  });

  it("beyond the bound begins again at the newest weights", async () => {
    const plan = planOf({ wait: { fastest: 5 }, stalenessMax: 2, roundsMax: 20 });
    const end = await virtualRun(localSteps(plan), { ...workersOf(problem, shards), fateOf: slow });
    const told = roundsOf(end.events);
    expect(Math.max(...told.flatMap(({ staleness }) => staleness!))).toBeLessThanOrEqual(2);
    const late = end.events.filter((event) => event.type === "arrival" && event.fate === "late");
    expect(late.length).toBeGreaterThan(0);
  });
});

describe("bits", () => {
  it("are those of the weights sent down and the payloads that counted", async () => {
    const { perform } = workersOf(problem, shards);
    let bitsUp = 0;
    let tasks = 0;
    const end = await virtualRun(localSteps(planOf()), {
      async perform(task: WorkerTask) {
        const reply = await perform(task);
        tasks++;
        bitsUp += 8 * reply.payload!.length;
        return reply;
      },
    });
    expect(end.state.traffic).toEqual({ bitsUp, bitsDown: tasks * 32 * columns });
    const told = roundsOf(end.events);
    expect(told.reduce((sum, round) => sum + round.bitsUp!, 0)).toBe(bitsUp);
    expect(told.reduce((sum, round) => sum + round.bitsDown!, 0)).toBe(tasks * 32 * columns);
  });
});

it("a killed run goes on from any checkpoint to the same bits", async () => {
  const plan = planOf({ momentum: 0.5 });
  const store = memoryStore();
  const whole = await virtualRun(localSteps(plan), workersOf(problem, shards, { store }));
  for (const from of whole.saved.slice(1, -1)) {
    const rest = await virtualRun(localSteps(plan), {
      ...workersOf(problem, shards, { store }),
      from: fromPacket<typeof from>(toPacket(from)),
    });
    expect(rest.state.weights).toEqual(whole.state.weights);
    expect(rest.state.forgotten).toBe(0);
  }
});
