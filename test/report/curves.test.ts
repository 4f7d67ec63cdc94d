import { expect, test } from "vitest";
import type { RoundEvent, RunEvent } from "../../src/ports/events.ts";
import { foldReport, foldRun } from "../../src/report/fold.ts";
import { coefficientsSection } from "../../src/report/sections/coefficients.ts";

const round = (at: number, coefficients?: Record<string, number>): RoundEvent => ({
  type: "round",
  atMs: 10 * (at + 1),
  startedMs: 10 * at,
  round: at,
  counted: [0, 1],
  objectiveEstimate: 1,
  gradientNorm: 1,
  stepSize: 1,
  ...(coefficients === undefined ? {} : { coefficients }),
});
const learning: readonly RunEvent[] = [0, 1, 2].map((at) =>
  round(at, { rho: at / 10, beta1: 0.9 }),
);

test("learned coefficients are one series each, with a figure and their last values", () => {
  const data = foldReport("both", [
    { label: "adam", events: [round(0), round(1)] },
    { label: "mada", events: learning },
  ]);
  expect(data.runs[1]!.coefficients).toEqual({
    names: ["rho", "beta1"],
    points: [0, 1, 2].map((at) => ({ round: at, values: [at / 10, 0.9] })),
  });
  const { markup } = coefficientsSection(data.runs);
  expect(markup).toContain('data-plot="coefficients" data-run="1"');
  expect(markup).toMatch(/rho 0\.2/);
  expect(markup).toContain("<h3>mada</h3>");
});

test("where nothing is learned nothing is shown", () => {
  const run = foldRun("adam", [round(0)]);
  expect(run.coefficients).toBeNull();
  expect(coefficientsSection([run]).markup).toBe("");
});

test("a long run is downsampled, and values that are not numbers are left out", () => {
  const events = Array.from({ length: 5000 }, (_, at) => round(at, { rho: at === 7 ? NaN : 0.5 }));
  const { points } = foldRun("long", events).coefficients!;
  expect(points.length).toBeLessThanOrEqual(400);
  expect(points.at(-1)!.round).toBe(4999);
  expect(foldRun("short", events.slice(0, 20)).coefficients!.points[7]!.values).toEqual([null]);
});
