import { describe, expect, it } from "vitest";
import { replay } from "../../../src/engine/replay.ts";
import type { RoundEvent, RunEvent } from "../../../src/ports/events.ts";
import { weightsDigest, wholeWeights } from "../../../src/run/model-weights.ts";
import { rounds } from "../../../src/strategies/rounds/strategy.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import { noFault } from "../../../src/weather/fault-decision.ts";
import { lawful } from "../../engine/lawful.ts";
import { type Setting, trial } from "../../run/fixtures.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";
import { interruptAt, recorded, scene, table, throughout } from "../../simulation/simulated-run.ts";

const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.1, hangs: 0.02 };
const base: Setting = { workers: 6, wait: { fastest: 4 }, roundsMax: 12 };
const exact = { everyRounds: 3 };
const hadamard = { type: "hadamard" };
const lasso = { type: "lasso", l1: 0.2 };
const settings: [string, Setting][] = [
  ["l-bfgs, corrected", { ...base, encoding: hadamard, exact }],
  [
    "l-bfgs over a loss that is not quadratic, corrected",
    { ...base, problem: { type: "logistic" }, exact },
  ],
  ["fista", { ...base, problem: lasso, optimizer: { type: "fista" }, encoding: hadamard }],
  ["fista, corrected", { ...base, problem: lasso, optimizer: { type: "fista" }, exact }],
  [
    "proximal-gradient, corrected",
    { ...base, problem: { type: "elastic-net" }, optimizer: { type: "proximal-gradient" }, exact },
  ],
];
const roundsOf = (events: readonly RunEvent[]) =>
  events.filter((event): event is RoundEvent => event.type === "round");
const warningsOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "warning" ? [event.message] : []));

describe("the laws in stormy weather", () => {
  it.each(settings)("%s", async (name, setting) => {
    const { plan, perform } = trial(setting);
    const fateOf = fatesOf(stormy, name);
    const end = await virtualRun(lawful(rounds(plan)), {
      perform,
      fateOf,
      around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.round).toBe(12);
    expect(await replay(rounds(plan), end.events, perform)).toEqual(end.state);
    const from = end.saved[6]!;
    const rest = await virtualRun(lawful(rounds(plan)), { perform, fateOf, from });
    expect(rest.state.round).toBe(12);
  });

  it("interrupted and resumed, a run replays to its bits", async () => {
    const spec = {
      problem: { type: "ridge", l2: 0.05 },
      strategy: { type: "rounds", exact: true, exactEvery: 3 },
      workers: 6,
      wait: { fastest: 4 },
      stop: { rounds: 12, tolerance: 0 },
      weather: { model: "late", probability: 0.3, delayMs: 70, failures: 0.1 },
    };
    const start = await scene(spec, table(80, 4, 1));
    const { end } = await throughout(start, (count) => (count < 3 ? interruptAt(count * 17) : {}));
    const { events, digest } = await recorded(start);
    expect(events.filter((event) => event.type === "resumed")).toHaveLength(2);
    expect(digest).toBe(weightsDigest(wholeWeights(end.model)));
    expect(roundsOf(events).some((round) => round.exact && round.counted.length === 6)).toBe(true);
  });
});

describe("rounds that wait for all", () => {
  const setting = { ...base, encoding: hadamard, exact };

  it("are one in so many, after twice as many to begin with, and the last", async () => {
    // So slow that no anchor comes early.
    const optimizer = { type: "gradient-descent", step: 0.001 };
    const { plan, perform } = trial({ ...setting, optimizer });
    const late = ({ slot }: WorkerTask) => ({ ...noFault, delayMs: slot < 2 ? 50 : 0 });
    const { events } = await virtualRun(rounds(plan), { perform, fateOf: late });
    const all = roundsOf(events).flatMap(({ round, exact: isExact }) => (isExact ? [round] : []));
    expect(all).toEqual([6, 9, 11]);
    for (const { counted, exact: isExact } of roundsOf(events))
      expect(counted).toEqual(isExact ? [0, 1, 2, 3, 4, 5] : [2, 3, 4, 5]);
    expect(warningsOf(events).filter((message) => message.includes("exact"))).toEqual([]);
  });

  it("alone stop a run: what ordinary rounds estimate is not trusted", async () => {
    const { plan, perform } = trial({ ...setting, tolerance: 1e-3, roundsMax: 60 });
    const { events, state } = await virtualRun(rounds(plan), { perform });
    expect(state.round).toBeLessThan(60);
    expect(roundsOf(events).at(-1)!.exact).toBe(true);
  });

  it("end in a warning where a slot is silent: tried less and less, never wrong", async () => {
    const { plan, perform } = trial({ ...setting, tolerance: 0.5, roundsMax: 40, patienceMs: 500 });
    const dead = ({ slot }: WorkerTask) => ({
      ...noFault,
      fault: slot === 5 ? ("crash-after" as const) : null,
    });
    const end = await virtualRun(rounds(plan), { perform, fateOf: dead });
    expect(end.stop).toEqual({ kind: "done" });
    expect(roundsOf(end.events).some((round) => round.exact)).toBe(false);
    const told = warningsOf(end.events).filter((message) => message.includes("exact"));
    expect(told[0]).toMatch(/^round 6 was to be exact, but 5 of the 6 replies .* slots: 5/);
    const tried = told.map((message) => Number(/round (\d+)/.exec(message)![1]));
    expect(tried).toEqual([6, 12, 24, 39]);
    expect(told.at(-1)).toMatch(/corrected by nothing, and so is the end$/);
    // An estimate that has come so far does not end the run.
    expect(end.state.round).toBe(40);
  });

  it("go on from the last one when a slot dies in between", async () => {
    const { plan, perform } = trial({ ...setting, roundsMax: 20, patienceMs: 500 });
    const dies = ({ slot, round }: WorkerTask) => ({
      ...noFault,
      fault: slot === 5 && round >= 8 ? ("crash-after" as const) : null,
    });
    const end = await virtualRun(rounds(plan), { perform, fateOf: dies });
    const told = warningsOf(end.events).filter((message) => message.includes("exact"));
    expect(told[0]).toContain("corrected by round 6");
    expect(end.state.correction!.anchor!.round).toBe(6);
  });

  it("are not needed by a code that waits until it can decode", async () => {
    const spec = {
      problem: { type: "logistic" },
      encoding: { type: "gradient-code", stragglers: 1 },
      strategy: { type: "rounds", exact: true },
      workers: 6,
      wait: { fastest: 5 },
      stop: { rounds: 3 },
    };
    const start = await scene(spec, table(80, 4, 1, true));
    await throughout(start, () => ({}));
    const { events } = await recorded(start);
    expect(roundsOf(events).map(({ counted }) => counted.length)).toEqual([5, 5, 5]);
  });
});
