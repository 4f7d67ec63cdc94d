import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { storedCode, subsets } from "../../src/testing/stored-code.ts";

/*
 * Two copies of each of m/2 parts, k of m slots: a part is lost where both its copies are, with
 * probability (m-k)(m-k-1)/(m(m-1)); D, the number of distinct parts heard, is m/2 times the rest
 * on average. The estimate is the sum over the parts heard times (m/2)/D.
 */

const replication = encodings.create({ type: "replication" });
const lostProbability = (m: number, k: number) => ((m - k) * (m - k - 1)) / (m * (m - 1));

describe("every choice of k of 8 slots", () => {
  const rows = 128;
  const { shares } = storedCode(replication, rows, 8);
  /** What each part sums to; no two alike. */
  const sums = [1, 10, 100, 1000];
  const truth = 1111;

  test.each([1, 2, 4, 6, 7])("%i: parts are lost as often as the formula says", (k) => {
    const sets = subsets(8, k);
    const lost = sets.reduce((sum, arrived) => sum + 4 - distinct(arrived, 4), 0) / sets.length / 4;
    expect(Math.abs(lost - lostProbability(8, k))).toBeLessThan(1e-12);
  });

  test.each([1, 2, 4, 6, 7])("%i: the estimate is unbiased since it is divided by D", (k) => {
    const sets = subsets(8, k);
    let mean = 0;
    let undivided = 0;
    for (const arrived of sets) {
      const weights = replication.weights(arrived, shares, rows)!;
      const heard = new Set(arrived.map((slot) => slot % 4)).size;
      // Copies are discarded: as many slots count as there are parts heard, each 4/D times.
      expect(weights.filter((weight) => weight > 0)).toEqual(Array(heard).fill(4 / heard));
      const estimate = arrived.reduce((sum, slot, i) => sum + weights[i]! * sums[slot % 4]!, 0);
      mean += estimate / sets.length;
      undivided += ((estimate * heard) / 4) * (1 / sets.length);
    }
    expect(Math.abs(mean / truth - 1)).toBeLessThan(1e-12);
    // Without it lost parts would count as zero.
    expect(Math.abs(undivided / truth - (1 - lostProbability(8, k)))).toBeLessThan(1e-12);
  });
});

describe("4000 draws of k of 32 slots", () => {
  const { shares } = storedCode(replication, 640, 32);

  test.each([
    [24, 0.056],
    [12, 0.383],
  ])("%i: a part is lost with probability %f, within 3 sigma", (k, rounded) => {
    const shareLost = draws(k).map((arrived) => 1 - distinct(arrived, 16) / 16);
    const { mean, sigma } = moments(shareLost);
    expect(Math.abs(lostProbability(32, k) - rounded)).toBeLessThan(6e-4);
    expect(Math.abs(mean - lostProbability(32, k))).toBeLessThan(3 * sigma);
    // What the weights add up to says the same of D.
    for (const arrived of draws(k).slice(0, 50)) {
      const weights = replication.weights(arrived, shares, 640)!;
      const counted = weights.filter((weight) => weight > 0);
      expect(counted).toHaveLength(distinct(arrived, 16));
      expect(counted[0]).toBeCloseTo(16 / distinct(arrived, 16), 12);
    }
  });

  test("24: nothing is lost in .313 of the draws, within 3 sigma", () => {
    const { mean, sigma } = moments(
      draws(24).map((arrived) => Number(distinct(arrived, 16) === 16)),
    );
    // C(16, 8) 2^8 of the C(32, 8) ways to miss eight slots take one copy of eight parts.
    const exact = (binomial(16, 8) * 2 ** 8) / binomial(32, 8);
    expect(exact).toBeCloseTo(0.313, 3);
    expect(Math.abs(mean - exact)).toBeLessThan(3 * sigma);
  });
});

function distinct(arrived: readonly number[], parts: number): number {
  return new Set(arrived.map((slot) => slot % parts)).size;
}

function draws(k: number): number[][] {
  return Array.from({ length: 4000 }, (_, draw) =>
    [...randomFrom(`lost/${draw}`).permutation(32).subarray(0, k)].sort((a, b) => a - b),
  );
}

function moments(values: readonly number[]): { mean: number; sigma: number } {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sigma: Math.sqrt(squares) / values.length };
}

function binomial(n: number, k: number): number {
  let count = 1;
  for (let i = 1; i <= k; i++) count *= (n - k + i) / i;
  return count;
}
