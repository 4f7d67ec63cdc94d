import { describe, expect, it } from "vitest";
import { epsilonOfMu, muOf } from "../../src/privacy/accountants/gaussian.ts";
import { additiveVariance, neededVariance } from "../../src/privacy/release/mutual-information.ts";

const entry = { unit: "entry", bound: 1, columns: 1 } as const;

describe("what additive noise under mutual information is worth", () => {
  it.each([
    [0.01, 7.0357420828, 0.0099999, 0.2842628363, 1.066646154],
    [0.1, 2.1252424723, 0.09990053, 0.9410690903, 4.080533406],
    [0.5, 0.7628739784, 0.46440421, 2.621664989, 14.0270162],
    [1, 0.3956231069, 0.7814314, 5.055316449, 33.61573187],
  ])("%d nat", (nats, sigma, capacity, mu, epsilon) => {
    const found = Math.sqrt(additiveVariance(nats, entry));
    expect(found).toBeCloseTo(sigma, 9);
    // -1 or 1 sent over normal noise: what really comes through is less than what is promised.
    const through = binaryCapacity(found);
    expect(through).toBeLessThan(nats);
    // Above a size of 1.67 deviations more than two values tell more.
    if (nats <= 0.5) expect(through / capacity).toBeCloseTo(1, 4);
    expect(through).toBeLessThan(capacity * (1 + 1e-4));
    // Replacing -1 by 1, as differential privacy sees it: weak.
    expect(2 / found).toBeCloseTo(mu, 7);
    expect(epsilonOfMu(2 / found, 1e-5) / epsilon).toBeCloseTo(1, 8);
  });

  it("(1, 1e-5) is 0.0089 nat", () => {
    const sigma = 2 / muOf(1, 1e-5);
    expect(Math.log1p(1 / sigma ** 2) / 2).toBeCloseTo(0.00890171274092, 12);
  });
});

/** A number sent by one column of the secret matrix, which the reader does not know. */
describe("what one released column really tells of an entry", () => {
  it.each([
    [5, 0.1, 5.86169901e-4],
    [20, 0.1, 1.51480703e-4],
    [20, 0.5, 8.41287303e-3],
    [100, 0.1, 3.05683394e-5],
    [100, 1, 2.34043397e-2],
  ])("%d receivers calibrated to %d nat", (receivers, nats, expected) => {
    const variance = neededVariance(nats, receivers, entry);
    // Told the column, a reader would learn nats exactly: ln(1 + r B^2 / v) / 2.
    expect(Math.log1p(receivers / variance) / 2).toBeCloseTo(nats, 12);
    const blind = energyInformation(receivers, variance);
    expect(blind / expected).toBeCloseTo(1, 3);
    expect(blind).toBeLessThan(nats);
  });
});

/** Mutual information of a fair -1 or 1 and itself plus N(0, sigma^2). */
function binaryCapacity(sigma: number): number {
  let sum = 0;
  const step = sigma / 50;
  for (let y = 1 - 12 * sigma; y <= 1 + 12 * sigma; y += step) {
    const density =
      Math.exp(-((y - 1) ** 2) / (2 * sigma * sigma)) / (sigma * Math.sqrt(2 * Math.PI));
    sum += density * Math.log1p(Math.exp((-2 * y) / (sigma * sigma))) * step;
  }
  return Math.LN2 - sum;
}

/**
 * The most that |Y|^2 tells of x in {0, 1}, where Y is N(0, v I) or N(0, (v + 1) I): over priors of
 * x, by golden section, with chi-squared densities integrated by the trapezoidal rule.
 */
function energyInformation(receivers: number, v: number): number {
  const cells = 4_000;
  const reach = receivers + 14 * Math.sqrt(2 * receivers) + 60;
  const ratio = (v + 1) / v;
  const points = Array.from({ length: cells }, (_, i) => {
    const x = ((i + 0.5) * reach) / cells;
    return {
      x,
      p: chiSquaredDensity(x, receivers),
      q: chiSquaredDensity(x / ratio, receivers) / ratio,
    };
  });
  const width = reach / cells;
  const information = (prior: number) =>
    points.reduce((sum, { p, q }) => {
      const m = (1 - prior) * p + prior * q;
      const part = (weight: number, one: number) =>
        weight > 0 && one > 0 ? weight * one * Math.log(one / m) : 0;
      return sum + width * (part(1 - prior, p) + part(prior, q));
    }, 0);
  let [low, high] = [0, 1];
  for (let i = 0; i < 40; i++) {
    const left = low + 0.382 * (high - low);
    const right = low + 0.618 * (high - low);
    if (information(left) < information(right)) low = left;
    else high = right;
  }
  return information((low + high) / 2);
}

function chiSquaredDensity(x: number, degrees: number): number {
  const half = degrees / 2;
  return Math.exp((half - 1) * Math.log(x) - x / 2 - half * Math.LN2 - logGamma(half));
}

function logGamma(x: number): number {
  if (x === 1) return 0;
  if (x === 0.5) return Math.log(Math.PI) / 2;
  return Math.log(x - 1) + logGamma(x - 1);
}
