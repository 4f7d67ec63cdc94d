import { expect, test } from "vitest";
import type { ArrivalEvent, RunEvent } from "../../src/ports/events.ts";
import { foldRun } from "../../src/report/fold.ts";
import { phasesSection } from "../../src/report/sections/phases.ts";
import { printedSection } from "../../src/report/sections/printed.ts";
import { sampleEvents } from "./sample-events.ts";

/** The sample's replies with more of their usage. */
function withUsage(more: (arrival: ArrivalEvent) => object): RunEvent[] {
  return sampleEvents({ rounds: 5 }).map((event) =>
    event.type === "arrival" ? { ...event, usage: { ...event.usage, ...more(event) } } : event,
  );
}

test("the last lines of each slot are shown, as text, and nothing where none printed", () => {
  expect(printedSection([foldRun("run", sampleEvents())]).markup).toBe("");
  const events = withUsage(({ slot, task }) =>
    slot < 2 ? { printed: `<b>${task}</b>\nsecond line` } : {},
  );
  const run = foldRun("run", events);
  const last = (slot: number) =>
    events.findLast((event) => event.type === "arrival" && event.slot === slot) as ArrivalEvent;
  expect(new Map(run.printed.map(({ slot, task }) => [slot, task]))).toEqual(
    new Map([0, 1].map((slot) => [slot, last(slot).task])),
  );
  const { markup } = printedSection([run]);
  expect(markup).toContain("&lt;b&gt;");
  expect(markup).not.toContain("<b>");
});

test("phases of replies add up to their times, a cold start apart where it is measured", () => {
  const run = foldRun(
    "run",
    withUsage(({ atMs, startedMs, usage }) => {
      const totalMs = atMs - startedMs;
      const started = usage.coldStart ? { initMs: totalMs / 4 } : {};
      return { billedMs: totalMs, phases: { workerMs: totalMs / 2, ...started } };
    }),
  );
  const { all, cold, isSplit } = run.phases;
  expect(isSplit).toBe(true);
  const replies = run.figures.arrivals;
  expect(all.count).toBe(replies.counted + replies.late);
  expect(cold.count).toBeGreaterThan(0);
  const { transit, start, work } = cold.meansMs;
  expect([start / work, transit / work]).toEqual([expect.closeTo(0.5), expect.closeTo(0.5)]);
  expect(phasesSection([run]).markup).toContain("cold start");
  expect(phasesSection([foldRun("run", sampleEvents())]).markup).toContain("is billed");
});

test("the worker's time is loading and computing where the record says so, else one", () => {
  const run = (computes: boolean) =>
    foldRun(
      "run",
      withUsage(({ atMs, startedMs }) => {
        const totalMs = atMs - startedMs;
        const computeMs = computes ? { computeMs: totalMs / 8 } : {};
        return { billedMs: totalMs, phases: { workerMs: totalMs / 2, ...computeMs } };
      }),
    );
  const { load, compute, work, transit } = run(true).phases.all.meansMs;
  expect([load / compute, transit / compute, work]).toEqual([
    expect.closeTo(3),
    expect.closeTo(4),
    0,
  ]);
  expect(phasesSection([run(true)]).markup).toContain("loading and sending");
  const old = run(false);
  expect(old.phases.all.meansMs).toMatchObject({ load: 0, compute: 0 });
  expect(old.phases.all.meansMs.work).toBeGreaterThan(0);
  expect(phasesSection([old]).markup).not.toContain("loading and sending");
});

test("counts of replies agree in every part of a page", () => {
  const { figures, slots, losses } = foldRun("run", sampleEvents());
  const { counted, late, lost } = figures.arrivals;
  expect(figures.erasures).toBe(late + lost);
  const sum = (fate: "counted" | "late" | "lost") =>
    slots.reduce((total, { fates }) => total + fates[fate], 0);
  expect([sum("counted"), sum("late"), sum("lost")]).toEqual([counted, late, lost]);
  expect(losses.reduce((total, { count }) => total + count, 0)).toBe(lost);
});
