import { describe, expect, it } from "vitest";
import { gridSpec } from "../../bench/planner/grid.ts";
import { inHindsight } from "../../bench/planner/hindsight.ts";
import { campaign } from "../campaign.ts";

const spec = {
  problem: { type: "ridge", l2: 0.01 },
  data: { generate: { type: "regression", rows: 800, features: 10, noise: 0.5, correlation: 0.6 } },
  // Many small steps: one round more or less is little.
  optimizer: "gradient-descent",
  stop: { rounds: 45, tolerance: 0 },
  seed: 5,
};
const futures = campaign(3, 8);
const cells = [
  { weather: { model: "lambda" }, workers: 16, computeSeconds: 0.02 },
  { weather: { model: "calm" }, workers: 8, computeSeconds: 0.3 },
  { weather: { model: "persistent", taskMs: 100 }, workers: 8, computeSeconds: 0.3 },
  { weather: { model: "lambda" }, workers: 8, computeSeconds: 10 },
];

/** A corner of the grid of `npm run bench -- planner`. */
describe("a plan in hindsight", () => {
  it.each(cells.slice(0, campaign(2, cells.length)))(
    "$weather.model, $workers workers, $computeSeconds s",
    async (cell) => {
      const verdict = await inHindsight({ spec, cell, futures });
      expect(verdict.chosenSeconds).toBeLessThanOrEqual(1.01 * verdict.plainSeconds);
      expect(verdict.chosenSeconds).toBeLessThanOrEqual(1.05 * verdict.bestSeconds);
      expect(Math.abs(verdict.secondsRatio - 1)).toBeLessThan(0.1);
      expect(Math.abs(verdict.dollarsRatio - 1)).toBeLessThan(0.1);
    },
  );

  /** 26 of 32, which two rehearsals may prefer, is 12 % slower. */
  it("is told by more than a few rehearsals where one round is a quarter of the time", async () => {
    const cell = { weather: { model: "lambda", coldStartMs: 142 }, workers: 32, computeSeconds: 1 };
    const verdict = await inHindsight({ spec: gridSpec, cell, futures: campaign(2, 8) });
    expect(verdict.chosenSeconds).toBeLessThanOrEqual(1.05 * verdict.bestSeconds);
    expect(verdict.chosenSeconds).toBeLessThan(0.9 * verdict.plainSeconds);
  });

  it("does not encode where nobody is late, and does not wait for all where many are", async () => {
    const calm = { weather: { model: "calm" }, workers: 8, computeSeconds: 0.05 };
    expect((await inHindsight({ spec, cell: calm, futures: 1 })).chosen).toBe("uncoded, all 8");
    const late = { model: "late", probability: "20%", delayMs: 5000 };
    const cell = { weather: late, workers: 8, computeSeconds: 0.05 };
    const verdict = await inHindsight({ spec, cell, futures: campaign(2, 5) });
    expect(verdict.chosenSeconds).toBeLessThan(0.4 * verdict.plainSeconds);
  });
});
