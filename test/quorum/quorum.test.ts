import { describe, expect, it } from "vitest";
import { atSlot } from "../../src/core/slot-map.ts";
import { retryAfterMs } from "../../src/engine/backoff.ts";
import type { Outcome } from "../../src/ports/compute.ts";
import type { RoundEvent, RunEvent } from "../../src/ports/events.ts";
import type { RoundsState } from "../../src/strategies/rounds/state.ts";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import type { WorkerReply, WorkerTask } from "../../src/tasks/protocol.ts";
import { noFault } from "../../src/weather/fault-decision.ts";
import { reply } from "../run/by-hand.ts";
import { type Setting, trial } from "../run/fixtures.ts";
import { fatesOf, virtualRun } from "../run/virtual-run.ts";

const descent = { type: "gradient-descent", step: 0.05 };
const base: Setting = { workers: 6, optimizer: descent, roundsMax: 3 };
const lost: Outcome<WorkerReply> = { kind: "lost", reason: "the environment crashed" };

/** A delay for each slot, the same in every round. */
const delays = (...delayMs: number[]) => ({
  fateOf: ({ slot }: WorkerTask) => ({ ...noFault, delayMs: delayMs[slot]! }),
});

const roundsOf = (events: readonly RunEvent[]) =>
  events.filter((event): event is RoundEvent => event.type === "round");

describe("the fastest k", () => {
  it("are exactly the first k; of two at one moment the one started first", async () => {
    const { plan, perform } = trial({ ...base, wait: { fastest: 4 }, roundsMax: 1 });
    const weather = delays(50, 10, 30, 30, 30, 20);
    const end = await virtualRun(rounds(plan), { perform, ...weather });
    expect(roundsOf(end.events).map(({ counted }) => counted)).toEqual([[1, 2, 3, 5]]);
    expect(end.elapsedMs).toBe(40);
  });

  it("close a round at the k-th reply, and what comes later is late", async () => {
    const { plan, perform } = trial({ ...base, wait: { fastest: 5 } });
    const weather = delays(0, 0, 0, 0, 0, 15);
    const end = await virtualRun(rounds(plan), { perform, ...weather });
    expect(end.elapsedMs).toBe(30);
    const sixth = end.events.filter((event) => event.type === "arrival" && event.slot === 5);
    expect(sixth).toMatchObject([{ fate: "late", task: "round-0/gradient/slot-5", atMs: 25 }]);
  });

  it("sum in slot order, whoever came first", async () => {
    const { plan, perform } = trial({ ...base, wait: { fastest: 6 } });
    const up = await virtualRun(rounds(plan), { perform, ...delays(0, 1, 2, 3, 4, 5) });
    const down = await virtualRun(rounds(plan), { perform, ...delays(5, 4, 3, 2, 1, 0) });
    expect(down.state.weights).toEqual(up.state.weights);
  });
});

describe("a deadline", () => {
  const wait = { deadline: 40, atLeast: 2 };
  it("closes with whoever has replied by then", async () => {
    const { plan, perform } = trial({ ...base, wait, roundsMax: 1 });
    const end = await virtualRun(rounds(plan), { perform, ...delays(0, 29, 31, 60, 5, 200) });
    expect(roundsOf(end.events)).toMatchObject([{ atMs: 40, counted: [0, 1, 4] }]);
    expect(end.events.filter((event) => event.type === "tick")).toHaveLength(1);
  });

  it("closes at once when all are there", async () => {
    const { plan, perform } = trial({ ...base, wait, roundsMax: 1 });
    const end = await virtualRun(rounds(plan), { perform });
    expect(roundsOf(end.events)).toMatchObject([{ atMs: 10, counted: [0, 1, 2, 3, 4, 5] }]);
  });

  it("waits on for the least number, and closes as soon as it is there", async () => {
    const { plan, perform } = trial({ ...base, wait, roundsMax: 1 });
    const end = await virtualRun(rounds(plan), { perform, ...delays(10, 70, 90, 90, 90, 90) });
    expect(roundsOf(end.events)).toMatchObject([{ atMs: 80, counted: [0, 1] }]);
  });

  it("does not tick for ever while those who replied allow no estimate", async () => {
    // Two rows at three workers: one of them holds nothing, and it is the quickest.
    const few = trial({ ...base, workers: 3, rows: 2, wait: { deadline: 20, atLeast: 1 } });
    const empty = few.shards.findIndex((shard) => shard.rows.rows === 0);
    const end = await virtualRun(rounds(few.plan), {
      perform: few.perform,
      fateOf: ({ slot }) => ({ ...noFault, delayMs: slot === empty ? 0 : 100 }),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.events.filter((event) => event.type === "tick").length).toBeLessThan(10);
  });

  it("comes due whatever the clock readings round to", async () => {
    const { plan, perform } = trial({
      ...base,
      wait: { deadline: 0.1, atLeast: 1 },
      roundsMax: 40,
    });
    const strategy = rounds(plan);
    for (const elapsedMs of [0.3, 1e7 + 0.1, 123456.789]) {
      const from = { state: strategy.start(), elapsedMs };
      const end = await virtualRun(strategy, {
        perform,
        from,
        workMs: 0.07,
        ...delays(0, 1, 1, 1, 1, 1),
      });
      expect(end.stop).toEqual({ kind: "done" });
    }
  });
});

describe("patience", () => {
  it("ends a run that hears nothing any more, naming the silent slots", async () => {
    const { plan, perform } = trial({ ...base, wait: { fastest: 5 }, patienceMs: 4000 });
    const end = await virtualRun(rounds(plan), {
      perform,
      fateOf: ({ slot }) => ({ ...noFault, fault: slot % 3 === 1 ? "crash-before" : null }),
    });
    expect(end.stop).toEqual({
      kind: "unfinished",
      reason:
        "4 of the 5 replies needed came, and none for 4 s; silent slots: 1, 4 " +
        "(last: the environment crashed)",
    });
    expect(end.elapsedMs).toBe(4010);
    expect(end.state.round).toBe(0);
  });

  it("begins anew with every reply", async () => {
    const { plan, perform } = trial({ ...base, wait: "all", patienceMs: 100, roundsMax: 1 });
    const end = await virtualRun(rounds(plan), { perform, ...delays(50, 140, 230, 320, 410, 500) });
    expect(end.stop).toEqual({ kind: "done" });
  });
});

describe("a lost reply", () => {
  it("is asked for again, later each time, and the run goes on", async () => {
    const { plan, perform } = trial({ ...base, wait: "all", roundsMax: 1 });
    const end = await virtualRun(rounds(plan), {
      perform,
      fateOf: ({ id }) => ({
        ...noFault,
        fault: /slot-2(\/try-[23])?$/.test(id) ? "crash-after" : null,
      }),
    });
    const tries = end.events.filter((event) => event.type === "arrival" && event.slot === 2);
    const names = ["", "/try-2", "/try-3", "/try-4"].map((n) => `round-0/gradient/slot-2${n}`);
    let startedMs = 0;
    const told = names.map((task, i) => {
      const atMs = startedMs + 10;
      const event = { task, fate: i < 3 ? "lost" : "counted", startedMs, atMs };
      startedMs = atMs + retryAfterMs(i + 1, task);
      return event;
    });
    expect(tries).toMatchObject(told);
    for (const [i, mostMs] of [25, 50, 100].entries()) {
      const waitMs = told[i + 1]!.startedMs - told[i]!.atMs;
      expect(waitMs).toBeGreaterThanOrEqual(mostMs / 2);
      expect(waitMs).toBeLessThan(mostMs);
    }
    const calm = await virtualRun(rounds(plan), { perform });
    expect(end.state.weights).toEqual(calm.state.weights);
  });

  it("is asked for as the state says, whatever was asked before", () => {
    const { plan } = trial({ ...base, wait: "all" });
    const strategy = rounds(plan);
    const start = strategy.start();
    const lostAt = (state: RoundsState, atMs: number) =>
      reply(strategy, state, 0, lost, atMs).state;
    // The last two are asked for at the same moment, but not by the same name.
    const onceMs = retryAfterMs(1, "round-0/gradient/slot-0");
    const twiceMs = retryAfterMs(2, "round-0/gradient/slot-0/try-2");
    const sameMs = 1100 + onceMs - twiceMs;
    const states = [lostAt(start, 5000), lostAt(start, 1100), lostAt(lostAt(start, 0), sameMs)];
    const asked = [...states, ...states.toReversed()].map((state) => strategy.wanted(state)[0]);
    const afresh = states.map((state) => rounds(plan).wanted(state)[0]);
    expect(asked).toEqual([...afresh, ...afresh.toReversed()]);
    const dueMs = afresh.map((task) => task!.notBeforeMs!);
    expect(dueMs.slice(0, 2)).toEqual([5000 + onceMs, 1100 + onceMs]);
    expect(dueMs[2]).toBeCloseTo(1100 + onceMs, 9);
  });

  it("is never waited for more than five seconds", () => {
    const { plan } = trial({ ...base, wait: "all" });
    const strategy = rounds(plan);
    let state: RoundsState = strategy.start();
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      state = reply(strategy, state, 0, lost, 1000 * i).state;
      waits.push(atSlot(state.quorum.losses, 0)!.retryAtMs - 1000 * i);
    }
    for (const [i, mostMs] of [25, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000].entries()) {
      expect(waits[i]).toBeGreaterThanOrEqual(mostMs / 2);
      expect(waits[i]).toBeLessThanOrEqual(mostMs);
    }
  });
});

describe("a damaged reply counts as lost", () => {
  const values = Float32Array.of(1, 2, 3, 4, 5);
  const damages: [string, WorkerReply][] = [
    ["a number that is none", { loss: 1, values: values.with(2, Number.NaN), computeMs: 0 }],
    ["infinity", { loss: 1, values: values.with(0, Number.POSITIVE_INFINITY), computeMs: 0 }],
    ["a loss that is none", { loss: Number.NaN, values, computeMs: 0 }],
    ["too few numbers", { loss: 1, values: values.slice(1), computeMs: 0 }],
    ["too many numbers", { loss: 1, values: Float32Array.of(...values, 6), computeMs: 0 }],
  ];
  it.each(damages)("with %s", async (_what, damaged) => {
    for (const optimizer of [descent, { type: "l-bfgs" }]) {
      const { plan, perform } = trial({ ...base, optimizer, wait: "all" });
      const once = new Set(["round-0/gradient/slot-1", "round-1/along/slot-4"]);
      const end = await virtualRun(rounds(plan), {
        perform: (task) => (once.has(task.id) ? damaged : perform(task)),
      });
      const calm = await virtualRun(rounds(plan), { perform });
      expect(end.state.weights).toEqual(calm.state.weights);
      const told = end.events.find(
        (event) => event.type === "arrival" && event.task === "round-0/gradient/slot-1",
      );
      expect(told).toMatchObject({ fate: "lost", reason: expect.stringMatching(/^its reply h/) });
    }
  });
});

describe("late replies", () => {
  it.each([Number.NaN, 1e30])("of %d never change the iterate", async (poison) => {
    for (const optimizer of [descent, { type: "l-bfgs" }]) {
      const setting = { ...base, optimizer, wait: { fastest: 4 }, roundsMax: 12 };
      const { plan, perform } = trial(setting);
      const sky = { model: "late", probability: 0.3, delayMs: 35 };
      const run = (bad: ReadonlySet<string>) =>
        virtualRun(rounds(plan), {
          perform(task) {
            const good = perform(task);
            if (!bad.has(task.id)) return good;
            return { loss: poison, values: good.values.map(() => poison), computeMs: 0 };
          },
          fateOf: fatesOf(sky),
        });
      const clean = await run(new Set());
      const late = clean.events.filter(
        (event) => event.type === "arrival" && event.fate === "late",
      );
      expect(late.length).toBeGreaterThan(5);
      const poisoned = await run(
        new Set(late.map((event) => (event.type === "arrival" ? event.task : ""))),
      );
      expect(poisoned.state.weights).toEqual(clean.state.weights);
    }
  });
});
