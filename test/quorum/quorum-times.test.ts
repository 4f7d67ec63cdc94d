import { describe, expect, it } from "vitest";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import { type FaultDecision, faultDecisionOf } from "../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../src/weather/weather.ts";
import { trial } from "../run/fixtures.ts";
import { fatesOf, virtualRun } from "../run/virtual-run.ts";

/*
 * Mean times of the k-th of m replies: order statistics of the weather models, by closed formulas
 * and by the integral of P(fewer than k have come by t), against what the weather draws.
 * Golden numbers: the encoded-optimization reference, section 4.5 (checked there by Monte-Carlo).
 */

/** E[T_(k:m)] of the standard exponential: H_m - H_(m-k). */
function exponentialMean(k: number, m: number): number {
  let sum = 0;
  for (let i = m - k + 1; i <= m; i++) sum += 1 / i;
  return sum;
}

/** E[T_(k:m)] of P(T > x) = x^-a: Gamma(m+1) Gamma(m-k+1-1/a) / (Gamma(m-k+1) Gamma(m+1-1/a)). */
function paretoMean(k: number, m: number, a: number): number {
  // Gamma(x+1) = x Gamma(x) turns the quotients into one product over the k best.
  let product = 1;
  for (let i = m - k + 1; i <= m; i++) product *= i / (i - 1 / a);
  return product;
}

/** E[T_(k:m)] = integral of P(Binomial(m, F(t)) < k) over t from 0, by the trapezoid rule. */
function meanFrom(cdf: (t: number) => number, k: number, m: number, end: number): number {
  const steps = 4000;
  const dt = end / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++)
    sum += (i === 0 || i === steps ? 0.5 : 1) * fewerThan(k, m, cdf(i * dt)) * dt;
  return sum;
}

function fewerThan(k: number, m: number, p: number): number {
  if (p <= 0) return 1;
  if (p >= 1) return k > m ? 1 : 0;
  let log = m * Math.log(1 - p);
  let sum = 0;
  for (let j = 0; j < k; j++) {
    sum += Math.exp(log);
    log += Math.log((m - j) / (j + 1)) + Math.log(p / (1 - p));
  }
  return Math.min(1, sum);
}

/** Normal distribution function, to 1e-7 (Abramowitz and Stegun 7.1.26). */
function normal(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (series * Math.exp(-z * z)) / 2;
  return x < 0 ? tail : 1 - tail;
}

/** Half of the tasks N(0.5, 0.2^2), half N(20, 5^2), in seconds, cut at 0. */
const bimodal = (t: number) => (t < 0 ? 0 : (normal((t - 0.5) / 0.2) + normal((t - 20) / 5)) / 2);

/** Mean and its standard error of the k-th smallest of m delays, in seconds. */
function drawn(weather: object, ks: readonly number[], m: number, trials: number) {
  const sky = weatherFrom(weather);
  const sums = ks.map(() => ({ sum: 0, squares: 0 }));
  for (let round = 0; round < trials; round++) {
    const delays = Array.from({ length: m }, (_, slot) => {
      const task = `round-${round}/gradient/slot-${slot}`;
      return faultDecisionOf(sky, { task, slot, round }, 11).delayMs / 1000;
    }).sort((a, b) => a - b);
    for (const [i, k] of ks.entries()) {
      sums[i]!.sum += delays[k - 1]!;
      sums[i]!.squares += delays[k - 1]! ** 2;
    }
  }
  return sums.map(({ sum, squares }) => {
    const mean = sum / trials;
    return { mean, error: Math.sqrt((squares / trials - mean * mean) / trials) };
  });
}

describe("the mean time of the k-th reply", () => {
  it("is as tabulated, by formula and by integral", () => {
    expect([12, 24, 32].map((k) => exponentialMean(k, 32).toFixed(3))).toEqual([
      "0.461",
      "1.341",
      "4.058",
    ]);
    expect([12, 24, 32].map((k) => paretoMean(k, 32, 1.5).toPrecision(3))).toEqual([
      "1.37",
      "2.49",
      "27.1",
    ]);
    expect(paretoMean(64, 128, 1.5).toFixed(2)).toBe("1.59");
    expect(paretoMean(128, 128, 1.5).toFixed(0)).toBe("68");
    const integrals = [48, 64, 80, 96, 128].map((k) => meanFrom(bimodal, k, 128, 60));
    for (const [i, table] of [0.65, 5.9, 16.3, 19.9, 31.8].entries())
      expect(Math.abs(integrals[i]! / table - 1)).toBeLessThan(0.01);
    for (const k of [12, 24])
      expect(meanFrom((t) => 1 - Math.exp(-t), k, 32, 40)).toBeCloseTo(exponentialMean(k, 32), 4);
  });

  const third = [12, 24, 32];
  it.each([
    ["exponential", { meanMs: 1000 }, third, third.map((k) => exponentialMean(k, 32)), 32],
    [
      "exponential",
      { meanMs: 500, shiftMs: 200 },
      third,
      third.map((k) => 0.2 + 0.5 * exponentialMean(k, 32)),
      32,
    ],
    // The last of a Pareto crowd has no variance to measure an error by.
    ["pareto", { scaleMs: 1000 }, [12, 24], [12, 24].map((k) => paretoMean(k, 32, 1.5)), 32],
    // At k = 48 too few quick ones come once in five hundred rounds: too rare for 400 to measure.
    ["bimodal", {}, [40, 64, 96], [40, 64, 96].map((k) => meanFrom(bimodal, k, 128, 60)), 128],
  ])("is that of the weather, within three standard errors: %s %j", (...row) => {
    const [model, options, ks, means, m] = row;
    const found = drawn({ model, ...options }, ks, m, 400);
    for (const [i, { mean, error }] of found.entries()) {
      expect(Math.abs(mean - means[i]!)).toBeLessThan(3 * error);
      // The next k would be seen.
      expect(error).toBeLessThan(0.1 * means[i]! + 0.05);
    }
  });
});

describe("on the same delays", () => {
  it.each(["exponential", "pareto", "bimodal", "lambda", "bursts"])(
    "waiting for more never ends sooner, %s",
    async (model) => {
      const elapsed: number[][] = [];
      for (const seed of [1, 2, 3]) {
        const fates: (task: { id: string; slot: number }) => FaultDecision = fatesOf(
          { model },
          seed,
        );
        const times: number[] = [];
        for (let k = 1; k <= 8; k++) {
          const optimizer = { type: "gradient-descent", step: 0.01 };
          const wait = { fastest: k };
          const { plan, perform } = trial({ workers: 8, optimizer, wait, roundsMax: 12 });
          const how = { perform, fateOf: fates, environmentsPerSlot: 1000 };
          times.push((await virtualRun(rounds(plan), how)).elapsedMs);
        }
        elapsed.push(times);
      }
      for (const times of elapsed) {
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(times[7]).toBeGreaterThan(times[3]!);
      }
    },
  );
});
