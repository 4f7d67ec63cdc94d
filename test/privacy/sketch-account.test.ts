import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { gammaLowerLog, gammaUpperLog } from "../../src/math/gamma-tails.ts";
import { accountReleases, deltaOf } from "../../src/privacy/account.ts";
import { pldDelta, pldEpsilon } from "../../src/privacy/accountants/pld.ts";
import { rdpEpsilon } from "../../src/privacy/accountants/rdp.ts";
import { sketchDelta, sketchEpsilon } from "../../src/privacy/accountants/sketch.ts";
import { calibrateSketch } from "../../src/privacy/calibrate.ts";
import type { SketchRelease } from "../../src/privacy/release.ts";
import { testBits, uniform } from "./chance.ts";

const sketch = (rows: number, margin: number): SketchRelease => ({
  mechanism: "sketch",
  adjacency: "zero-out",
  rows,
  margin,
});

/** P(W > x) of half a chi-square of 2a degrees: a sum for whole a, and erfc at a half. */
describe("tails of the gamma law", () => {
  it.each([
    [1, 0.3],
    [4, 2],
    [7, 30],
    [40, 39],
    [40, 90],
    [300, 250],
  ])("of %d at %d", (a, x) => {
    let upper = 0;
    let logTerm = -x;
    for (let k = 0; k < a; k++) {
      upper += Math.exp(logTerm);
      logTerm += Math.log(x / (k + 1));
    }
    expect(Math.exp(gammaUpperLog(a, x)) / upper).toBeCloseTo(1, 11);
    let lower = 0;
    for (let k = a; k < a + 2_000; k++) {
      lower += Math.exp(logTerm);
      logTerm += Math.log(x / (k + 1));
    }
    expect(Math.exp(gammaLowerLog(a, x)) / lower).toBeCloseTo(1, 11);
  });

  it("of one degree, far out: 2 Phi(-9)", () => {
    expect(Math.exp(gammaUpperLog(0.5, 40.5)) / 2.2571768119076845e-19).toBeCloseTo(1, 11);
  });
});

describe("one sketch, exactly", () => {
  /** By Renyi's orders 19.666, 26.904, 35.172, 46.937, 70.368 and 96.821. */
  it.each([
    [20, 17.206],
    [50, 23.983],
    [100, 31.661],
    [200, 42.55],
    [500, 64.194],
    [1000, 88.608],
  ])("of %d rows needs a margin of %d at (1, 1e-5)", (rows, margin) => {
    expect(calibrateSketch({ epsilon: 1, delta: 1e-5 }, rows).margin).toBeCloseTo(margin, 3);
  });

  it.each([
    [4, 3, 1],
    [20, 6, 1],
    [60, 8, 2],
  ])("is what is drawn: %d rows, margin %d, epsilon %d", (rows, margin, epsilon) => {
    const bits = testBits(`sketch/${rows}`);
    const draws = 20_000;
    const s = 1 / margin;
    // L under the wider law, from squares of normal numbers, and (1 - e^(epsilon - L))+.
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < draws; i++) {
      let half = 0;
      for (let j = 0; j < rows; j += 2) half -= Math.log(uniform(bits));
      const loss = (rows / 2) * Math.log1p(-s) + (half * s) / (1 - s);
      const told = Math.max(0, -Math.expm1(epsilon - loss));
      sum += told;
      squares += told * told;
    }
    const mean = sum / draws;
    const error = Math.sqrt((squares / draws - mean * mean) / draws);
    const delta = sketchDelta(sketch(rows, margin), epsilon);
    expect(delta).toBeGreaterThan(15 * error);
    expect(Math.abs(mean - delta)).toBeLessThan(4 * error);
  });

  test("is never above Renyi's bound, and delta gives epsilon back", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0.01, max: 4, noNaN: true }),
        fc.double({ min: -12, max: -1, noNaN: true }),
        (rows, logMargin, logDelta) => {
          const release = sketch(rows, 1 + 10 ** logMargin);
          const delta = 10 ** logDelta;
          const exact = sketchEpsilon([release], delta)!;
          expect(exact).toBeLessThanOrEqual(rdpEpsilon([release], delta).value * (1 + 1e-9) + 1e-9);
          const back = deltaOf([release], exact);
          expect(back).toBeLessThanOrEqual(delta * (1 + 1e-9));
          if (exact > 1e-6) expect(back).toBeGreaterThan(delta * (1 - 1e-3));
        },
      ),
      process.env.KOFN_UNSEEDED === "1" ? { numRuns: 100 } : { seed: 1, numRuns: 6 },
    );
  });
});

describe("a sketch beside other releases", () => {
  const one = sketch(100, 50);
  const exact = accountReleases([one], 1e-5).exact!;

  it("goes by privacy losses: certified, and above the truth by little", () => {
    const numeric = pldEpsilon([one], 1e-5)!;
    expect(numeric).toBeGreaterThanOrEqual(exact);
    expect(numeric).toBeLessThan(exact + 2e-4);
    const delta = pldDelta([one], exact)!;
    expect(delta).toBeGreaterThanOrEqual(1e-5 * (1 - 1e-9));
    expect(delta).toBeLessThan(1.003e-5);
  });

  it("costs less than by Renyi's orders, and never less than alone", () => {
    const noise = {
      mechanism: "gaussian",
      adjacency: "zero-out",
      sensitivity: 1,
      sigma: 8,
      times: 1,
    } as const;
    for (const releases of [
      [one, one],
      [noise, one],
    ]) {
      const { epsilon, rdpReal } = accountReleases(releases, 1e-5);
      expect(epsilon).toBeGreaterThan(exact);
      expect(epsilon).toBeLessThan(0.95 * rdpReal);
    }
  });
});
