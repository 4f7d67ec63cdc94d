import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { runLoop } from "../../src/engine/loop.ts";
import type { Strategy } from "../../src/engine/strategy.ts";
import { type Deliver, noUsage, type Slotted } from "../../src/ports/compute.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { virtualClock } from "../../src/simulation/virtual-clock.ts";
import { noFault } from "../../src/weather/fault-decision.ts";
import { twice, virtualRun } from "../run/virtual-run.ts";

interface Tally {
  readonly heard: readonly string[];
  readonly nextMs: number;
}

type Told = Strategy<Tally, Slotted, string>;

/** Wants these tasks until `count` outcomes came, whatever they were. */
function asking(tasks: readonly Slotted[], count: number, more: Partial<Told> = {}): Told {
  return {
    start: () => ({ heard: [], nextMs: 0 }),
    wanted: ({ heard }) => (heard.length < count ? tasks : []),
    receive: (state, arrival) => ({
      state:
        arrival.kind === "tick"
          ? state
          : { ...state, heard: [...state.heard, `${arrival.task.id} ${arrival.outcome.kind}`] },
    }),
    ...more,
  };
}

const one = { id: "one", slot: 0 };

describe("the loop", () => {
  it("starts a task again that is still wanted after its reply", async () => {
    const end = await virtualRun(asking([one], 3), { perform: () => "done", around: twice(2) });
    expect(end.state.heard).toEqual(["one done", "one done", "one done"]);
    expect(end.elapsedMs).toBe(30);
  });

  it("drops replies to what is no longer wanted, and tells them as late", async () => {
    const both = [one, { id: "two", slot: 1 }];
    const strategy = asking([], 0, {
      wanted: ({ heard }) =>
        heard.length === 0 ? both : heard.length === 1 ? [{ id: "three", slot: 2 }] : [],
    });
    const end = await virtualRun(strategy, {
      perform: () => "done",
      fateOf: ({ slot }) => ({ ...noFault, delayMs: [0, 5, 50][slot]! }),
    });
    expect(end.state.heard).toEqual(["one done", "three done"]);
    const fates = end.events.map(
      (event) => event.type === "arrival" && `${event.task} ${event.fate}`,
    );
    expect(fates).toEqual(["one counted", "two late", "three counted"]);
  });

  it("starts nothing before its time, and never what was taken back meanwhile", async () => {
    const tasks = [
      one,
      { id: "two", slot: 1, notBeforeMs: 25 },
      { id: "three", slot: 2, notBeforeMs: 90 },
    ];
    const strategy = asking(tasks, 0, {
      wanted: ({ heard }) => [tasks, tasks.slice(1), []][heard.length]!,
    });
    const end = await virtualRun(strategy, { perform: () => "done" });
    const told = end.events.map(
      (event) => event.type === "arrival" && [event.task, event.startedMs],
    );
    expect(told).toEqual([
      ["one", 0],
      ["two", 25],
    ]);
    expect(end.elapsedMs).toBe(35);
  });

  it("ticks once at every time asked for, never early, however readings round", async () => {
    const random = randomFrom("ticks");
    const gaps = Array.from({ length: 400 }, () => 0.1 + 7 * random.uniform());
    const alarm = (start: number): Told => ({
      start: () => ({ heard: [], nextMs: start }),
      wanted: ({ heard }) => (heard.length < gaps.length ? [one] : []),
      wakeAtMs: ({ nextMs }) => nextMs,
      receive(state, arrival, atMs) {
        if (arrival.kind === "reply" || atMs < state.nextMs) throw new Error(`early at ${atMs}`);
        const heard = [...state.heard, "tick"];
        return { state: { heard, nextMs: state.nextMs + gaps[state.heard.length]! } };
      },
    });
    for (const [elapsedMs, clockMs] of [
      [0, 0],
      [0.3, 0],
      [0, 1e6 / 7],
      [1234.56789, 1e9 / 7],
    ] as const) {
      const strategy = alarm(elapsedMs + 1);
      const from = { state: strategy.start(), elapsedMs };
      const fateOf = () => ({ ...noFault, delayMs: 100_000 });
      const end = await virtualRun(strategy, { perform: () => "done", from, fateOf, clockMs });
      expect(end.events).toHaveLength(gaps.length);
    }
  });

  it("passes on why a strategy cannot go on, and what it saved", async () => {
    const strategy = asking([one], 9, {
      receive: (state) => ({
        state: { ...state, heard: [...state.heard, "x"] },
        durable: true,
        ...(state.heard.length === 2 ? { failed: "three is enough" } : {}),
      }),
    });
    const end = await virtualRun(strategy, { perform: () => "done" });
    expect(end.stop).toEqual({ kind: "unfinished", reason: "three is enough" });
    expect(end.saved.map(({ elapsedMs }) => elapsedMs)).toEqual([10, 20, 30]);
  });

  it("stops for reasons from outside, also while nothing arrives", async () => {
    const clock = virtualClock();
    let wake = () => {};
    const interrupted = new Promise<void>((resolve) => (wake = resolve));
    let isOver = false;
    clock.schedule(70, () => {
      isOver = true;
      wake();
    });
    const compute = {
      start: (_task: Slotted, _deliver: Deliver<string>) => {},
      close: async () => {},
    };
    const end = await runLoop(asking([one], 1), {
      clock,
      compute,
      emit: () => {},
      save: () => {},
      mayStop: () => (isOver ? { kind: "interrupted", reason: "enough" } : null),
      interrupted,
    });
    expect(end).toMatchObject({ elapsedMs: 70, stop: { kind: "interrupted", reason: "enough" } });
  });

  it("starts nothing after it has stopped", async () => {
    const clock = virtualClock();
    const started: string[] = [];
    const compute = {
      start: (task: Slotted, _deliver: Deliver<string>) => void started.push(task.id),
      close: async () => {},
    };
    await runLoop(asking([one, { id: "two", slot: 1, notBeforeMs: 25 }], 2), {
      clock,
      compute,
      emit: () => {},
      save: () => {},
      mayStop: () => ({ kind: "budget", reason: "all is spent" }),
    });
    clock.schedule(30, () => {});
    await clock.rest(Promise.resolve());
    expect(clock.nowMs()).toBe(30);
    expect(started).toEqual(["one"]);
  });

  it("counts one reply of several that come at one moment", async () => {
    const clock = virtualClock();
    const events: RunEvent[] = [];
    const compute = {
      start: (_task: Slotted, deliver: Deliver<string>) => {
        clock.schedule(clock.nowMs() + 5, () => {
          deliver({ kind: "lost", reason: "no" }, noUsage);
          deliver({ kind: "done", result: "yes" }, noUsage);
        });
      },
      close: async () => {},
    };
    const names = [one, { id: "two", slot: 0 }, { id: "three", slot: 0 }];
    const strategy = asking([], 0, {
      wanted: ({ heard }) => names.slice(heard.length, heard.length + 1),
    });
    const end = await runLoop(strategy, {
      clock,
      compute,
      emit: (event) => events.push(event),
      save: () => {},
      mayStop: () => null,
    });
    expect(end.state.heard).toEqual(["one lost", "two lost", "three lost"]);
    expect(events).toHaveLength(3);
  });
});
