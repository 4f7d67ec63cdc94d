import { expect, it } from "vitest";
import type { RunEvent } from "../../src/ports/events.ts";
import { foldRun } from "../../src/report/fold.ts";
import { renderReport } from "../../src/report/render.ts";
import { besideForecast } from "../../src/report/schedule.ts";
import { sampleEvents } from "./sample-events.ts";

const usage = { billedMs: 10, coldStart: false, bytesDown: 1, bytesUp: 1, costUsd: 0 };
type Fate = "counted" | "lost";

/** Two stages, two microbatches: forward 10 ms, backward 20 ms, the last stage both in one. */
function step(round: number, fromMs: number, lateMs: number, lost: boolean): RunEvent[] {
  const task = (name: string, slot: number, at: number, ms: number, fate: Fate = "counted") => ({
    ...{ type: "arrival" as const, task: `step-${round}/${name}/slot-${slot}`, slot, fate, usage },
    startedMs: fromMs + at,
    atMs: fromMs + at + ms,
  });
  const events = [
    task("forward/stage-0/microbatch-0", 0, 0, 10),
    ...(lost ? [task("forward/stage-0/microbatch-1", 0, 10, 5, "lost")] : []),
    task("forward/stage-0/microbatch-1", 0, 10 + lateMs, 10),
    task("backward/stage-1/microbatch-0", 1, 10, 30),
    task("backward/stage-0/microbatch-0", 0, 40, 20),
    task("backward/stage-1/microbatch-1", 1, 40 + lateMs, 30),
    task("backward/stage-0/microbatch-1", 0, 70 + lateMs, 20),
    task("update/part-0", 0, 90 + lateMs, 4),
    task("update/part-1", 1, 90 + lateMs, 4),
  ];
  const atMs = fromMs + 94 + lateMs;
  const told = { objectiveEstimate: 1, gradientNorm: 1, stepSize: 1, counted: [0, 1] };
  return [
    ...events.sort((a, b) => a.atMs - b.atMs),
    { type: "round", atMs, startedMs: fromMs, round, ...told },
  ];
}

const started = sampleEvents({ rounds: 1, running: true })[0]!;
const events = [
  started,
  ...step(0, 0, 0, false),
  ...step(1, 94, 40, true),
  ...step(2, 228, 60, true),
];

it("shows the step of median length as it went, and undisturbed beside it", () => {
  const { schedule } = foldRun("run", events);
  expect(schedule).toMatchObject({ step: 1, measuredMs: 134, calmMs: 94 });
  expect(schedule!.spans).toHaveLength(9);
  expect(schedule!.calm).toHaveLength(8);
  expect(schedule!.spans.filter(({ fate }) => fate === "lost")).toHaveLength(1);
  const again = schedule!.spans.filter(({ isRepeated }) => isRepeated);
  expect(again).toMatchObject([{ kind: "forward", stage: 0, microbatch: 1, fromMs: 50 }]);
  const last = schedule!.calm.find(
    ({ kind, microbatch }) => kind === "backward" && microbatch === 1,
  );
  expect(last).toMatchObject({ slot: 1, fromMs: 40, toMs: 70 });
});

it("is drawn without a script, waiting shaded, and is absent for other strategies", () => {
  const page = renderReport({ title: "run", runs: [{ label: "run", events }] });
  expect(page).toContain("The schedule of a step");
  expect(page).toContain("Step 1, of median length, took 134 ms");
  expect(page.match(/<rect [^>]*fill="var\(--fate-lost\)"/g)).toHaveLength(1);
  expect(page.match(/<rect [^>]*stroke="var\(--fate-lost\)"/g)).toHaveLength(1);
  // A row of waiting for each worker, in each of the two drawings.
  expect(page.match(/<rect [^>]*fill="var\(--fate-spare\)"/g)).toHaveLength(4);
  const other = renderReport({ title: "run", runs: [{ label: "run", events: sampleEvents() }] });
  expect(other).not.toContain("The schedule of a step");
});

it("has the forecast of before the run beside it, where there was one", () => {
  const { schedule: without } = foldRun("run", events);
  expect(without!.forecast).toBeNull();
  const stages = { forward: [8, 0], backward: [16, 24], update: [2, 3] };
  const told = [{ ...started, stages } as RunEvent, ...events.slice(1)];
  const { schedule } = foldRun("run", told);
  // 8, twice 24 on the second stage, 16, and the longer of two updates.
  expect(schedule!.forecast!.ms).toBe(8 + 2 * 24 + 16 + 3);
  expect(besideForecast(schedule!.calm, schedule!.forecast!.spans)).toEqual([
    { name: "stage 0, forward", forecastMs: 8, measuredMs: 10 },
    { name: "stage 1, backward", forecastMs: 24, measuredMs: 30 },
    { name: "stage 0, backward", forecastMs: 16, measuredMs: 20 },
    { name: "updates, all together", forecastMs: 5, measuredMs: 8 },
  ]);
  const page = renderReport({ title: "run", runs: [{ label: "run", events: told }] });
  expect(page).toContain(
    "By the forecast of before the run, of functions on Lambda, it takes\n75 ms",
  );
  expect(page).toMatch(/<td>stage 0, forward<\/td><td>8\.0 ms<\/td>\s*<td>10 ms<\/td>/);
  expect(page.match(/<rect [^>]*fill="var\(--fate-spare\)"/g)).toHaveLength(6);
});
