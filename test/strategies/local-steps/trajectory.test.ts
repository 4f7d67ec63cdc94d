import { describe, expect, it } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import type { RunEvent } from "../../../src/ports/events.ts";
import { problems } from "../../../src/problems/registry.ts";
import { localSteps } from "../../../src/strategies/local-steps/strategy.ts";
import { minibatch } from "../../../src/tasks/minibatch.ts";
import { fatesOf, virtualRun } from "../../run/virtual-run.ts";
import { localPlan, type PlanOptions, regressionShards, workersOf } from "./scene.ts";

/*
 * Whole trajectories of Qsparse-local-SGD beside a loop of its own, in doubles throughout: the
 * paper's algorithms 1 and 2, with the velocity of momentum, and EF21-P on the way down. Only the
 * rows that a worker drew, and who was counted when, are the run's.
 */

const [workers, columns, steps, batch, l2, seed] = [5, 8, 3, 4, 0.01, 1];
const problem = problems.create({ type: "ridge", l2 } as never);
const shards = regressionShards(workers, 200, columns);

type Vector = number[];

/** What travels of a vector, and how fast a worker's step t may be. */
interface Choices {
  readonly operator: (vector: Vector) => Vector;
  readonly momentum: number;
  readonly rate: (t: number) => number;
  /** An update is one worker's: so many of them are one turn of all. */
  readonly updatesPerTurn?: number;
  /** What travels down of what the told weights lack; everything where absent. */
  readonly down?: Choices["operator"];
}

/** The entries of greatest magnitude, or their signs times their mean magnitude. */
function largest(count: number, signs: boolean): Choices["operator"] {
  return (vector) => {
    const order = vector
      .map((_, j) => j)
      .sort((a, b) => Math.abs(vector[b]!) - Math.abs(vector[a]!));
    const kept = new Set(order.slice(0, count));
    const mean = [...kept].reduce((sum, j) => sum + Math.abs(vector[j]!), 0) / count;
    return vector.map((value, j) => (!kept.has(j) ? 0 : signs ? Math.sign(value) * mean : value));
  };
}

/** A worker's way from `start`: steps along gradients of the rows that it drew. */
function wayOf(slot: number, version: number, start: Vector, velocity: Vector, choices: Choices) {
  const turns = version / (choices.updatesPerTurn ?? 1);
  const here = [...start];
  const stream = randomFrom(seed).fork(`round/${version}/slot/${slot}`);
  for (let h = 0; h < steps; h++) {
    const { rows, targets } = minibatch(shards[slot]!, batch, stream.fork(`step/${h}`));
    if (rows.kind !== "dense") throw new Error("the rows are dense");
    const gradient = here.map((weight) => l2 * weight);
    for (let i = 0; i < batch; i++) {
      const row = [...rows.values.subarray(i * columns, (i + 1) * columns)];
      const error = row.reduce((sum, x, j) => sum + x * here[j]!, -targets[i]!);
      for (let j = 0; j < columns; j++) gradient[j]! += (error * row[j]!) / batch;
    }
    for (let j = 0; j < columns; j++) {
      velocity[j] = choices.momentum * velocity[j]! + gradient[j]!;
      here[j]! -= choices.rate(turns * steps + h) * velocity[j]!;
    }
  }
  return start.map((weight, j) => weight - here[j]!);
}

/** The weights after every update, given who was part of it, and those that workers begin from. */
function trajectory(updates: readonly (readonly number[])[], choices: Choices) {
  const { down = (vector: Vector) => vector } = choices;
  const zeros = () => new Array<number>(columns).fill(0);
  const slots = shards.map(() => ({
    ...{ version: 0, start: zeros(), memory: zeros(), velocity: zeros() },
  }));
  let [weights, told] = [zeros(), zeros()];
  return updates.map((counted, version) => {
    const next = [...weights];
    for (const slot of counted) {
      const own = slots[slot]!;
      const way = wayOf(slot, own.version, own.start, own.velocity, choices);
      const wanted = way.map((value, j) => own.memory[j]! + value);
      const sent = choices.operator(wanted);
      own.memory = wanted.map((value, j) => value - sent[j]!);
      for (let j = 0; j < columns; j++) next[j]! -= sent[j]! / workers;
    }
    weights = next;
    const part = down(next.map((value, j) => value - told[j]!));
    told = told.map((value, j) => value + part[j]!);
    for (const slot of counted) Object.assign(slots[slot]!, { version: version + 1, start: told });
    return { weights: next, told };
  });
}

/** Who was part of every update: of a round's, or one after the other as they came. */
function updatesIn(events: readonly RunEvent[], asynchronous: boolean): number[][] {
  return events.flatMap((event) => {
    if (asynchronous)
      return event.type === "arrival" && event.fate === "counted" ? [[event.slot]] : [];
    return event.type === "round" ? [[...event.counted]] : [];
  });
}

const cases: [string, PlanOptions, Choices][] = [
  [
    "synchronously, Top_2 with momentum",
    { compression: { type: "top-k", k: 2 }, momentum: 0.9, rate: 0.02 },
    { operator: largest(2, false), momentum: 0.9, rate: () => 0.02 },
  ],
  [
    "the fastest three of five, SignTop_3, a falling rate",
    {
      ...{ compression: { type: "sign-top-k", k: 3 }, wait: { fastest: 3 } },
      rate: { schedule: "inverse", scale: 4, shift: 60 },
    },
    { operator: largest(3, true), momentum: 0, rate: (t) => 4 / (60 + t) },
  ],
  [
    "the fastest three of five, SignTop_3, and Top_2 down",
    {
      ...{ compression: { type: "sign-top-k", k: 3 }, wait: { fastest: 3 }, rate: 0.02 },
      down: { type: "top-k", k: 2 },
    },
    { operator: largest(3, true), momentum: 0, rate: () => 0.02, down: largest(2, false) },
  ],
  [
    "everything up, SignTop_2 down, asynchronously",
    {
      ...{ compression: { type: "none" }, asynchronous: true, rate: 0.02 },
      down: { type: "sign-top-k", k: 2 },
    },
    { operator: (vector) => vector, momentum: 0, rate: () => 0.02, down: largest(2, true) },
  ],
  [
    "asynchronously, Top_2 with momentum",
    { compression: { type: "top-k", k: 2 }, asynchronous: true, momentum: 0.5 },
    { operator: largest(2, false), momentum: 0.5, rate: () => 0.05 },
  ],
  [
    "asynchronously, everything",
    { compression: { type: "none" }, asynchronous: true },
    { operator: (vector) => vector, momentum: 0, rate: () => 0.05 },
  ],
  [
    "asynchronously, a rate that falls by each worker's own steps",
    {
      ...{ compression: { type: "none" }, asynchronous: true },
      rate: { schedule: "inverse", scale: 4, shift: 60 },
    },
    {
      ...{ operator: (vector) => vector, momentum: 0, rate: (t) => 4 / (60 + t) },
      updatesPerTurn: workers,
    },
  ],
];

describe("every update of Qsparse-local-SGD is that of a loop in doubles", () => {
  it.each(cases)("%s", async (name, options, choices) => {
    const asynchronous = options.asynchronous === true;
    const plan = localPlan(problem, shards, columns, {
      ...{ steps, batch, seed, roundsMax: 60, stalenessMax: 1_000 },
      ...options,
    });
    const end = await virtualRun(localSteps(plan), {
      ...workersOf(problem, shards),
      fateOf: fatesOf({ model: "exponential", meanMs: 15 }, name),
    });
    const updates = updatesIn(end.events, asynchronous);
    const expected = trajectory(updates, choices);
    const each = asynchronous ? workers : 1;
    expect(end.saved).toHaveLength(60);
    for (const [round, { state }] of end.saved.entries()) {
      const { weights: there, told } = expected[(round + 1) * each - 1]!;
      // Weights travel down, and payloads up, as float32.
      for (const [j, weight] of there.entries())
        expect(Math.abs(state.weights[j]! - weight)).toBeLessThan(2e-6);
      for (const [j, weight] of state.models.at(-1)!.weights.entries())
        expect(Math.abs(weight - told[j]!)).toBeLessThan(2e-6);
    }
    const most = Math.max(...expected.at(-1)!.weights.map(Math.abs));
    expect(most).toBeGreaterThan(0.1);
    if (name.includes("fastest"))
      expect(new Set(updates.map((counted) => counted.join())).size).toBeGreaterThan(5);
  });
});
