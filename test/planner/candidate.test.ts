import { describe, expect, it } from "vitest";
import { errorOf, withTrials } from "../../src/planner/candidate.ts";
import { plainConfiguration } from "../../src/planner/configuration.ts";
import type { RunFigures } from "../../src/planner/time-model.ts";

/** Every round takes two seconds. */
const clock = {
  at: (rounds: number): RunFigures => ({
    seconds: 2 * rounds,
    secondsMean: 2 * rounds,
    secondsLow: 2 * rounds,
    secondsHigh: 2 * rounds,
    dollars: rounds,
    invocations: rounds,
    coldStarts: 0,
    bytesDown: 0,
    bytesUp: 0,
  }),
};

function having(tried: readonly number[]) {
  const about = {
    setting: plainConfiguration(8),
    clock,
    roundsToStop: 25,
    tried: [],
    rounds: null,
  };
  return withTrials({ ...about, toTarget: clock.at(4), verdict: { kind: "open" } }, tried);
}

describe("how sure a setting's time is", () => {
  it("is the standard error of its rehearsals, where they are many", () => {
    const tried = Array.from({ length: 48 }, (_, i) => 4 + (i % 2));
    const one = having(tried);
    expect(one.toTarget.secondsMean).toBe(9);
    // Half of them are a second below, half a second above.
    expect(errorOf(one, "seconds") / (1 / Math.sqrt(48))).toBeCloseTo(1, 1);
    expect(errorOf(one, "dollars") / (0.5 / Math.sqrt(48))).toBeCloseTo(1, 1);
  });

  it("is not nothing where two agree: the next may take a round more", () => {
    expect(errorOf(having([4, 4]), "seconds")).toBeCloseTo(2 / 2, 12);
    expect(errorOf(having([4, 4, 4, 4, 4, 4]), "seconds")).toBeCloseTo(2 / 6, 12);
    expect(errorOf(having([4, 5]), "seconds")).toBeGreaterThan(errorOf(having([4, 4]), "seconds"));
  });

  it("is nothing to speak of where rounds are many", () => {
    const one = having([100, 100, 100, 100, 100, 100]);
    expect(errorOf(one, "seconds") / one.toTarget.secondsMean).toBeLessThan(0.002);
  });
});
