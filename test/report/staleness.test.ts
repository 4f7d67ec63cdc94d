import { expect, it } from "vitest";
import type { RoundEvent } from "../../src/ports/events.ts";
import { foldRun } from "../../src/report/fold.ts";

const pass = (round: number, staleness?: readonly number[]): RoundEvent => ({
  type: "round",
  atMs: 10 * (round + 1),
  startedMs: 10 * round,
  round,
  counted: [0, 1],
  objectiveEstimate: 1,
  gradientNorm: 1,
  stepSize: 1,
  ...(staleness === undefined ? {} : { staleness }),
});

it("shows how stale gradients were where rounds do not begin together", () => {
  const old = Array.from({ length: 100 }, (_, i) => i + 1);
  const run = foldRun("turns", [pass(0, old.slice(0, 60)), pass(1, old.slice(60))]);
  expect(run.figures.staleness).toEqual({ median: 51, p95: 95, most: 100 });
  expect(foldRun("rounds", [pass(0), pass(1)]).figures.staleness).toBeNull();
});
