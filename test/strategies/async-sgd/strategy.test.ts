import { describe, expect, it } from "vitest";
import { replay } from "../../../src/engine/replay.ts";
import type { RunEvent } from "../../../src/ports/events.ts";
import type { AsyncSgdPlan } from "../../../src/strategies/async-sgd/state.ts";
import { asyncSgd } from "../../../src/strategies/async-sgd/strategy.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import { type FaultDecision, noFault } from "../../../src/weather/fault-decision.ts";
import { lawful } from "../../engine/lawful.ts";
import { extremes, gram, halfSquares, solve } from "../../run/by-hand.ts";
import { type Setting, type Trial, trial } from "../../run/fixtures.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";

const l2 = 0.05;
const base: Setting = { workers: 4, rows: 64, columns: 5, problem: { type: "ridge", l2 } };

function planOf(setting: Trial, options: Partial<AsyncSgdPlan> = {}): AsyncSgdPlan {
  const { problem, shares, shape, weightsLength, roundsMax, patienceMs } = setting.plan;
  const smoothness = largest(setting) + l2;
  return {
    problem,
    shares,
    shape,
    weightsLength,
    roundsMax,
    patienceMs,
    stepSize: (share) => share / smoothness,
    memory: true,
    stalenessMax: 100 * shares.storedRows.length,
    stop: { tolerance: 0, steepness: 1, lossLeast: 0 },
    ...options,
  };
}

/** Of X'X/n. */
function largest({ examples }: Trial): number {
  const { matrix } = gram([examples]);
  return extremes(matrix).largest / examples.rows.rows;
}

/** F(w)/F(w*) - 1 for ridge, w* by the normal equations. */
function gap({ examples }: Trial, weights: ArrayLike<number>): number {
  const n = examples.rows.rows;
  const { matrix, side } = gram([examples]);
  const best = solve(
    matrix.map((row, i) => row.map((value, j) => value + (i === j ? n * l2 : 0))),
    side,
  );
  const objective = (w: ArrayLike<number>) =>
    halfSquares([examples], w) / n + (l2 / 2) * Array.from(w).reduce((sum, v) => sum + v * v, 0);
  return objective(weights) / objective(best) - 1;
}

/** Slot i takes (i + 1)^3 times as long as the first: 10, 80, 270, 640 ms. */
const uneven = ({ slot }: WorkerTask): FaultDecision => ({
  ...noFault,
  delayMs: 10 * (slot + 1) ** 3 - 10,
});
const stalenessOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "round" ? [event.staleness!] : []));

describe("async-sgd with a memory of every slot", () => {
  it.each(["uncoded", "hadamard", "replication"])(
    "reach the optimum of ridge with very uneven workers, %s",
    async (type) => {
      const setting = trial({ ...base, encoding: { type }, roundsMax: 1500 });
      const { perform } = setting;
      const end = await virtualRun(asyncSgd(planOf(setting)), { perform, fateOf: uneven });
      expect(end.stop).toEqual({ kind: "done" });
      expect(Math.abs(gap(setting, end.state.weights))).toBeLessThan(1e-8);
      // The slowest of four is more than sixty steps behind.
      expect(Math.max(...stalenessOf(end.events).flat())).toBeGreaterThan(60);
    },
  );

  it("do not overshoot with few rows a slot, and would with steps twice as long", async () => {
    const setting = trial({ ...base, workers: 16, columns: 20, roundsMax: 60 });
    const safe = planOf(setting);
    const gaps: number[] = [];
    for (const factor of [1, 2]) {
      const plan = { ...safe, stepSize: (share: number) => factor * safe.stepSize(share) };
      const end = await virtualRun(asyncSgd(plan), { perform: setting.perform });
      gaps.push(gap(setting, end.state.weights));
    }
    expect(gaps[0]).toBeLessThan(0.01);
    expect(gaps[1]).toBeGreaterThan(1);
  });

  it("forget a slot that has gone, and end at the optimum of the others", async () => {
    const setting = trial({ ...base, encoding: { type: "hadamard" }, roundsMax: 1500 });
    const end = await virtualRun(asyncSgd(planOf(setting, { stalenessMax: 40 })), {
      perform: setting.perform,
      fateOf: ({ slot, round }: WorkerTask & { round: number }) => ({
        ...noFault,
        fault: slot === 3 && round > 5 ? "crash-before" : null,
      }),
    });
    const live = setting.shards.slice(0, 3);
    const { matrix, side } = gram(live);
    const { shares } = setting.plan;
    const [weight] = shares.encoding.weights([0, 1, 2], shares.storedRows, shares.rows)!;
    const best = solve(
      matrix.map((row, i) =>
        row.map((value, j) => weight! * value + (i === j ? shares.rows * l2 : 0)),
      ),
      side.map((value) => weight! * value),
    );
    for (const [j, value] of best.entries()) expect(end.state.weights[j]).toBeCloseTo(value, 4);
    expect(gap(setting, end.state.weights)).toBeGreaterThan(1e-6);
  });
});

describe("async-sgd without memory", () => {
  it("come near the optimum, no nearer; the quick count most unless rows are mixed", async () => {
    const gaps: number[] = [];
    for (const type of ["uncoded", "hadamard"]) {
      const setting = trial({ ...base, rows: 512, encoding: { type }, roundsMax: 1000 });
      const plan = planOf(setting, { memory: false });
      const { perform } = setting;
      const end = await virtualRun(asyncSgd(plan), { perform, fateOf: uneven });
      gaps.push(gap(setting, end.state.weights));
    }
    const [uncoded, hadamard] = gaps;
    expect(uncoded).toBeLessThan(0.1);
    expect(uncoded).toBeGreaterThan(0.01);
    expect(hadamard).toBeLessThan(0.005);
    expect(hadamard).toBeGreaterThan(1e-5);
  });

  it("are as stale as there are other slots, when all are equally quick", async () => {
    const setting = trial({ ...base, roundsMax: 10 });
    const plan = planOf(setting, { memory: false });
    const end = await virtualRun(asyncSgd(plan), { perform: setting.perform });
    const told = stalenessOf(end.events);
    expect(told[0]).toEqual([0, 1, 2, 3]);
    expect(new Set(told.slice(1).flat())).toEqual(new Set([3]));
    // All slots at once: a pass takes as long as a task.
    expect(end.elapsedMs).toBe(100);
  });

  it("ask anew what comes too stale, and tell it as lost", async () => {
    const setting = trial({ ...base, roundsMax: 60 });
    const plan = planOf(setting, { memory: false, stalenessMax: 30 });
    const end = await virtualRun(asyncSgd(plan), { perform: setting.perform, fateOf: uneven });
    expect(Math.max(...stalenessOf(end.events).flat())).toBeLessThanOrEqual(30);
    const refused = end.events.filter((event) => event.type === "arrival" && event.fate === "lost");
    expect(refused.length).toBeGreaterThan(1);
    for (const event of refused)
      expect(event).toMatchObject({ reason: expect.stringMatching(/^its weights were \d+ steps/) });
  });
});

/** By hand: every reply, in the order it came, is a step from where its slot stood. */
function byHand(
  { perform, shards, examples }: Trial,
  plan: AsyncSgdPlan,
  events: readonly RunEvent[],
) {
  const slots = shards.length;
  const weights = new Float64Array(plan.weightsLength);
  const seen = Array.from({ length: slots }, () => ({ at: new Float32Array(5), count: 0 }));
  const staleness: number[] = [];
  for (const event of events) {
    if (event.type !== "arrival" || event.fate === "late") continue;
    const { slot, fate, task: id } = event;
    if (fate === "counted") {
      const task = { id, slot, round: 0, weights: seen[slot]!.at, operation: "gradient" } as const;
      const { values } = perform(task);
      const age = staleness.length - seen[slot]!.count;
      const stepSize = plan.stepSize(1 / slots) * Math.min(1, slots / (1 + age));
      const factor = examples.rows.rows / shards[slot]!.rows.rows / examples.rows.rows;
      const before = weights.slice();
      for (let j = 0; j < weights.length; j++)
        weights[j]! -= stepSize * (factor * values[j]! + l2 * before[j]!);
      staleness.push(age);
    }
    seen[slot] = { at: Float32Array.from(weights), count: staleness.length };
  }
  return { weights, staleness };
}

describe("async-sgd in stormy weather", () => {
  const stormy = { model: "late", probability: 0.2, delayMs: 113, failures: 0.05, hangs: 0.01 };
  const disturbances = [
    ["lost", losing(0.2)],
    ["repeated at once", twice(null)],
    ["repeated later", twice(37)],
  ] as const;

  it.each(disturbances)("equal the steps by hand with replies %s", async (_how, around) => {
    const setting = trial({ ...base, roundsMax: 20 });
    const plan = planOf(setting, { memory: false });
    const { perform } = setting;
    const end = await virtualRun(lawful(asyncSgd(plan)), {
      perform,
      fateOf: fatesOf(stormy),
      around,
    });
    expect(end.stop).toEqual({ kind: "done" });
    const { weights, staleness } = byHand(setting, plan, end.events);
    expect(stalenessOf(end.events).flat()).toEqual(staleness);
    for (const [j, value] of weights.entries()) expect(end.state.weights[j]).toBeCloseTo(value, 10);
    expect(Math.max(...staleness)).toBeGreaterThan(base.workers);
  });

  it.each([true, false])("keep the laws, resume and replay; memory %s", async (memory) => {
    const setting = trial({ ...base, encoding: { type: "hadamard" }, roundsMax: 12 });
    const plan = planOf(setting, { memory });
    const { perform } = setting;
    const weather = {
      fateOf: fatesOf(stormy),
      around: losing(0.1),
    };
    const end = await virtualRun(lawful(asyncSgd(plan)), { perform, ...weather });
    expect(end.state.round).toBe(12);
    expect((await replay(asyncSgd(plan), end.events, perform)).weights).toEqual(end.state.weights);
    const rest = await virtualRun(lawful(asyncSgd(plan)), {
      perform,
      from: end.saved[4]!,
      ...weather,
    });
    expect(rest.state.round).toBe(12);
    expect(rest.elapsedMs).toBeGreaterThan(end.saved[4]!.elapsedMs);
  });

  it("give up once nobody has replied for the patience", async () => {
    const setting = trial({ ...base, patienceMs: 3000 });
    const end = await virtualRun(asyncSgd(planOf(setting)), {
      perform: setting.perform,
      fateOf: () => ({ ...noFault, fault: "crash-before" }),
    });
    const reason = "no reply of use for 3 s (last: the environment crashed)";
    expect(end.stop).toEqual({ kind: "unfinished", reason });
  });

  it("give up when steps too long have led beyond all numbers", async () => {
    const setting = trial({ ...base, roundsMax: 1e6, patienceMs: 3000 });
    const plan = { ...planOf(setting), stepSize: () => 1e9 };
    const end = await virtualRun(asyncSgd(plan), { perform: setting.perform });
    const reason = "no reply of use for 3 s (last: its reply holds numbers that are none)";
    expect(end.stop).toEqual({ kind: "unfinished", reason });
  });
});
