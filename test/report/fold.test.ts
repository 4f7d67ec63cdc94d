import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/ports/events.ts";
import { foldRun } from "../../src/report/fold.ts";
import { sampleEvents } from "./sample-events.ts";

const arrivalsOf = (events: readonly RunEvent[]) => events.filter((e) => e.type === "arrival");
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

describe("what is counted adds up", () => {
  const events = sampleEvents();
  const arrivals = arrivalsOf(events);
  const run = foldRun("run", events);

  test("over fates, slots and the heatmap alike", () => {
    const { counted, late, lost } = run.figures.arrivals;
    expect(counted + late + lost).toBe(arrivals.length);
    expect(run.figures.erasures).toBe(late + lost);
    for (const fate of ["counted", "late", "lost"] as const)
      expect(sum(run.slots.map((slot) => slot.fates[fate]))).toBe(run.figures.arrivals[fate]);
    const cells = run.picture.cells.map(({ fates }) => fates);
    expect(sum(cells.map(([fast, slow]) => fast! + slow!))).toBe(counted);
    expect(sum(cells.map(([, , spare, slow]) => spare! + slow!))).toBe(late);
    expect(sum(cells.map((fates) => fates[4]!))).toBe(lost);
  });

  test("in dollars and bytes", () => {
    const last = run.spending[run.spending.length - 1]!;
    const dollars = sum(arrivals.map(({ usage }) => usage.costUsd));
    expect(last.usedUsd + last.unusedUsd).toBeCloseTo(dollars, 12);
    expect(last.unusedUsd).toBeCloseTo(run.pace.unusedUsd, 12);
    expect(sum(run.slots.map((slot) => slot.unusedUsd))).toBeCloseTo(run.pace.unusedUsd, 12);
    expect(last.bytesUp).toBe(run.figures.bytesUp);
  });
});

test("the seconds saved are those that waiting for all takes on the same delays", () => {
  const some = foldRun("12", sampleEvents({ lossShare: 0 }));
  const all = foldRun("16", sampleEvents({ lossShare: 0, quorum: 16 }));
  const difference = all.figures.seconds - some.figures.seconds;
  expect(difference).toBeGreaterThan(10);
  // The sample's rounds end 2 ms after their quorum, which cannot be told from waiting.
  expect(Math.abs(some.pace.savedSeconds - difference)).toBeLessThan(0.002 * 60 + 1e-6);
  expect(all.pace.savedSeconds).toBe(0);
});

describe("a round with two requests", () => {
  const questions = ["gradient", "along"];
  const some = foldRun("12", sampleEvents({ lossShare: 0, questions }));
  const all = foldRun("16", sampleEvents({ lossShare: 0, questions, quorum: 16 }));

  test("saves time in both requests; the first one's late replies count fully", () => {
    const difference = all.figures.seconds - some.figures.seconds;
    expect(Math.abs(some.pace.savedSeconds - difference)).toBeLessThan(0.002 * 120 + 1e-6);
  });

  test("has one cell a slot with both tasks", () => {
    expect(some.picture.cells).toHaveLength(60 * 16);
    for (const { fates } of some.picture.cells) expect(sum(fates)).toBe(2);
    expect(some.pace.roundMs!).toBeGreaterThan(1.8 * some.pace.quorumMs!);
  });
});

test("the slot that is late half of the time is the one that stands out", () => {
  const { slots } = foldRun("run", sampleEvents());
  expect(slots.filter(({ stands }) => stands === "out").map(({ slot }) => slot)).toEqual([5]);
});

test("a late reply belongs to the round that asked for it", () => {
  const events = sampleEvents();
  const run = foldRun("run", events);
  for (const { column, slot, task } of run.picture.cells)
    expect(task).toBe(`round-${run.picture.columns[column]}/gradient/slot-${slot}`);
});

describe("a resumed run", () => {
  const whole = sampleEvents({ running: true });
  const checkpoint = whole.findIndex((e) => e.type === "checkpoint" && e.sequence === 2);
  const at = whole[checkpoint]!;
  const killed = whole.findIndex((e) => e.type === "round" && e.round === 46);
  const resumed: RunEvent[] = [
    ...whole.slice(0, killed + 1),
    { type: "resumed", atMs: at.type === "checkpoint" ? at.atMs : 0, sequence: 2 },
    ...whole.slice(checkpoint + 1),
  ];
  const run = foldRun("run", resumed);
  const unbroken = foldRun("run", whole);

  test("shows each round once", () => {
    expect(run.picture).toEqual(unbroken.picture);
    expect(run.curve).toEqual(unbroken.curve);
    expect(run.resumes).toBe(1);
  });

  test("that has not caught up yet shows nothing from before", () => {
    const caughtUp = whole.findIndex((event) => event.type === "round" && event.round === 42);
    const part = [...resumed.slice(0, killed + 2), ...whole.slice(checkpoint + 1, caughtUp + 1)];
    const seen = foldRun("run", part);
    expect(seen.figures.rounds).toBe(43);
    expect(seen.picture.lastRound).toBe(42);
    expect(seen.curve.points.at(-1)!.round).toBe(42);
  });

  test("pays for repeated rounds", () => {
    expect(run.repeatedReplies).toBe(7 * 16);
    expect(run.figures.dollars).toBeGreaterThan(unbroken.figures.dollars * 1.05);
  });

  test("is running again after a stop", () => {
    const stop: RunEvent = { type: "stopped", atMs: 1, kind: "interrupted", reason: "ctrl-c" };
    expect(foldRun("run", [...whole, stop]).ending.kind).toBe("interrupted");
    const again: RunEvent = { type: "resumed", atMs: 0, sequence: 0 };
    expect(foldRun("run", [...whole, stop, again]).ending.kind).toBe("running");
  });
});

describe("runs that are incomplete", () => {
  test("one that has just started", () => {
    const run = foldRun("run", sampleEvents().slice(0, 1));
    expect(run.ending.kind).toBe("running");
    expect(run.figures).toMatchObject({ objective: null, rounds: 0, dollars: 0, erasures: 0 });
    expect(run.picture.cells).toEqual([]);
  });

  test("one without events", () => {
    expect(foldRun("run", []).figures.rounds).toBe(0);
  });

  test("one whose round has not ended: its replies count in the totals alone", () => {
    const events = sampleEvents({ rounds: 3, running: true });
    const cut = events.findLastIndex((event) => event.type === "round");
    const run = foldRun("run", events.slice(0, cut));
    expect(run.figures.rounds).toBe(2);
    expect(run.picture.cells).toHaveLength(2 * 16);
    expect(run.repeatedReplies).toBe(0);
    expect(sum(Object.values(run.figures.arrivals))).toBe(3 * 16);
  });

  test("one that never evaluated shows the estimate, and says so", () => {
    const events = sampleEvents({ running: true }).filter((event) => event.type !== "evaluated");
    const run = foldRun("run", events);
    expect(run.curve.source).toBe("estimated");
    expect(run.figures.objectiveIsEstimate).toBe(true);
    expect(run.figures.metric).toBeNull();
  });

  test("one that diverged is plain JSON", () => {
    const run = foldRun("run", sampleEvents({ objective: () => Number.NaN }));
    expect(run.figures.objective).toBeNull();
    expect(run.curve.points.every(({ objective }) => objective === null)).toBe(true);
    expect(JSON.parse(JSON.stringify(run))).toEqual(run);
  });
});

test("a retried slot is one cell, with the reply that counted", () => {
  const events = sampleEvents({ rounds: 1, lossShare: 0 });
  const first = arrivalsOf(events).find(({ fate }) => fate === "counted")!;
  const lost: RunEvent = {
    ...first,
    atMs: 1,

    fate: "lost",
    reason: "throttled",
  };
  const again = { ...first, task: `${first.task}/try-2` };
  const heard = events.map((event) => (event === first ? again : event));
  const run = foldRun("run", [heard[0]!, lost, ...heard.slice(1)]);
  const cells = run.picture.cells.filter(({ slot }) => slot === first.slot);
  expect(cells).toHaveLength(1);
  expect(cells[0]!.fates[4]).toBe(0);
  expect(sum(cells[0]!.fates)).toBe(1);
  expect(run.losses).toEqual([{ text: "throttled", count: 1 }]);
});

test("tasks may be called anything", () => {
  let names = 0;
  const named = sampleEvents().map((event) =>
    event.type === "arrival" ? { ...event, task: `t${names++}` } : event,
  );
  const [plain, renamed] = [foldRun("run", sampleEvents()), foldRun("run", named)];
  expect(renamed.pace).toEqual(plain.pace);
  expect(renamed.slots).toEqual(plain.slots);
});

test("large runs stay bounded, and binning loses no reply", () => {
  const events = sampleEvents({ workers: 256, quorum: 200, rounds: 1_000, testRows: 0 });
  const run = foldRun("run", events);
  expect(run.picture.cells.length).toBeLessThanOrEqual(8_000);
  expect(sum(run.picture.cells.flatMap(({ fates }) => fates))).toBe(256_000);
  expect(run.spending.length).toBeLessThanOrEqual(600);
  expect(run.spending[run.spending.length - 1]!.round).toBe(999);
  expect(run.figures.metric).toMatchObject({ name: "rmse", of: "train" });
});
