import { describe, expect, it } from "vitest";
import { clipToNorm } from "../../src/math/vector.ts";
import { deltaOfMu } from "../../src/privacy/accountants/gaussian.ts";
import { discreteGaussian, discreteLaplace } from "../../src/privacy/mechanisms/exact-draws.ts";
import {
  gaussianRelease,
  gridFor,
  releaseGaussian,
} from "../../src/privacy/mechanisms/grid-noise.ts";
import { newSecret, secretBits } from "../../src/privacy/mechanisms/secret-draws.ts";
import { chiSquaredQuantile, testBits, uniform } from "./chance.ts";
import {
  discreteGaussianDelta,
  discreteGaussianLaw,
  discreteGaussianVariance,
} from "./discrete-gaussian-law.ts";

/** Chi-squared of counts against a law over the integers, tails pooled at +-reach. */
function chiSquared(draw: () => number, law: (n: number) => number, reach: number): number {
  const draws = 1_000_000;
  const counts = new Float64Array(2 * reach + 1);
  for (let i = 0; i < draws; i++) counts[Math.min(2 * reach, Math.max(0, draw() + reach))]! += 1;
  let sum = 0;
  for (let n = -reach; n <= reach; n++) {
    let expected = law(n);
    if (Math.abs(n) === reach) for (let more = 1; more < 200; more++) expected += law(reach + more);
    sum += (counts[n + reach]! - draws * expected) ** 2 / (draws * expected);
  }
  return sum;
}

describe("the discrete Gaussian", () => {
  it("has the moments that its definition gives (Canonne, Kamath and Steinke, 2020)", () => {
    expect(discreteGaussianVariance(1)).toBeCloseTo(0.999999788767728, 14);
    expect(discreteGaussianVariance(0.5)).toBeCloseTo(0.215012675088138, 14);
    expect(discreteGaussianLaw(1)(0)).toBeCloseTo(0.398942278267, 12);
    expect(discreteGaussianDelta(1, 1, 1)).toBeCloseTo(0.141351339406, 11);
  });

  it.each([1, 3, 7])("is drawn exactly at sigma %d", (sigma) => {
    const bits = testBits(`chi/${sigma}`);
    const reach = 4 * sigma;
    const law = discreteGaussianLaw(sigma);
    const found = chiSquared(() => discreteGaussian(sigma, bits), law, reach);
    // One in a million lies beyond.
    expect(found).toBeLessThan(chiSquaredQuantile(2 * reach, 4.75));
  });

  it("is drawn as well on the grid that production draws on", () => {
    const bits = testBits("fine");
    const { noiseSteps } = gridFor(1.2345);
    const draws = 200_000;
    let squares = 0;
    let within = 0;
    for (let i = 0; i < draws; i++) {
      const x = discreteGaussian(noiseSteps, bits) / noiseSteps;
      squares += x * x;
      if (Math.abs(x) < 1) within++;
    }
    expect(Math.abs(squares / draws - 1)).toBeLessThan(4 * Math.sqrt(2 / draws));
    expect(Math.abs(within / draws - 0.6826894921)).toBeLessThan(4 * Math.sqrt(0.2166 / draws));
  });

  it("needs a fine grid to be worth what normal noise is worth", () => {
    // The sigma that (1, 1e-5) needs, in units of the sensitivity: one step for it is too few.
    const sigma = 3.73063163482;
    expect(discreteGaussianDelta(sigma, 1, 1)).toBeCloseTo(1.0345672e-5, 12);
    const excess = [16, 64, 256].map(
      (steps) => discreteGaussianDelta(sigma * steps, steps, 1) / deltaOfMu(1 / sigma, 1) - 1,
    );
    // It falls as the square of the step: at 2^29 steps to a sigma it is below 1e-16.
    expect(Math.abs(excess[1]!)).toBeLessThan(1e-4);
    expect(Math.abs(excess[2]!)).toBeLessThan(1e-5);
    expect(gridFor(sigma).noiseSteps).toBeGreaterThanOrEqual(2 ** 29);
  });
});

it("the discrete Laplace is drawn exactly", () => {
  const scale = 3;
  const bits = testBits("laplace");
  const ratio = Math.exp(-1 / scale);
  const law = (n: number) => ((1 - ratio) / (1 + ratio)) * ratio ** Math.abs(n);
  const found = chiSquared(() => discreteLaplace(scale, bits), law, 15);
  expect(found).toBeLessThan(chiSquaredQuantile(30, 4.75));
});

describe("the grid", () => {
  const noise = { adjacency: "replace-one", sensitivity: 1, sigma: 1 } as const;
  const draws = 40_000;

  it("holds every published number, whatever was hidden", () => {
    const bits = testBits("grid");
    const { step } = gridFor(noise.sigma);
    for (const hidden of [0, 1, 1 / 3]) {
      const { values } = releaseGaussian(new Float64Array(draws).fill(hidden), noise, bits);
      expect(values.every((value) => Number.isInteger(value / step))).toBe(true);
    }
  });

  it("is what floating-point noise lacks: its last digits tell 1 from 0", () => {
    // Mironov (2012): the share of y with y 2^53 whole, among |y| < 1/4.
    const shares = [0, 1].map((hidden) => {
      const bits = testBits(`naive/${hidden}`);
      let near = 0;
      let whole = 0;
      for (let i = 0; i < draws; i++) {
        const normal =
          Math.sqrt(-2 * Math.log(uniform(bits))) * Math.cos(2 * Math.PI * uniform(bits));
        const y = hidden + normal;
        if (Math.abs(y) >= 0.25) continue;
        near++;
        if (Number.isInteger(y * 2 ** 53)) whole++;
      }
      return whole / near;
    });
    expect(shares[1]).toBe(1);
    expect(shares[0]).toBeGreaterThan(0.13);
    expect(shares[0]).toBeLessThan(0.2);
  });

  it("is paid for: rounding may move neighbours apart by a step in each coordinate", () => {
    const { step, noiseSteps } = gridFor(noise.sigma);
    const release = gaussianRelease(noise, 100);
    expect(release.sensitivity).toBe(1 + 10 * step);
    expect(release.sigma).toBe(step * noiseSteps);
    expect(gridFor(0.3).step * gridFor(0.3).noiseSteps).toBeGreaterThanOrEqual(0.3);
    // A value half a step off and its neighbour: rounded first, they differ by whole steps only.
    const off = Float64Array.of(0.5 * step, -0.5 * step, 0.49 * step);
    const bits = () => testBits("round");
    const plain = releaseGaussian(new Float64Array(3), noise, bits()).values;
    const moved = releaseGaussian(off, noise, bits()).values;
    for (let i = 0; i < 3; i++) expect(Math.abs(moved[i]! - plain[i]!)).toBeLessThanOrEqual(step);
  });

  it("refuses values out of its reach without telling them", () => {
    const values = Float64Array.of(1.25e30);
    expect(() => releaseGaussian(values, noise, testBits("far"))).toThrow(/too large/);
    expect(() => releaseGaussian(values, noise, testBits("far"))).not.toThrow(/1\.25/);
    expect(() => releaseGaussian(Float64Array.of(Number.NaN), noise, testBits("nan"))).toThrow();
    expect(() => gridFor(0)).toThrow(/deviation 0/);
  });
});

describe("secret bits", () => {
  const words = (secret: Uint8Array, use: string, count = 50_000) => {
    const bits = secretBits(secret, use);
    return Array.from({ length: count }, () => bits.word());
  };

  it("repeat for the same use, and for no other", () => {
    const secret = newSecret();
    expect(words(secret, "round/1")).toEqual(words(secret, "round/1"));
    const seen = new Set([...words(secret, "round/1", 1_000), ...words(secret, "round/2", 1_000)]);
    for (const word of words(newSecret(), "round/1", 1_000)) seen.add(word);
    // Of 3,000 words of 32 bits two are equal once in a thousand.
    expect(seen.size).toBeGreaterThanOrEqual(2_998);
  });

  it("do not begin again where a block ends", () => {
    expect(new Set(words(newSecret(), "long", 40_000)).size).toBeGreaterThan(39_900);
  });
});

describe("clipping", () => {
  it("keeps what is short and shortens what is long, never above the norm", () => {
    expect([...clipToNorm(Float64Array.of(0.3, -0.4), 1)]).toEqual([0.3, -0.4]);
    for (let i = 0; i < 1_000; i++) {
      const vector = Float64Array.from(
        { length: 7 },
        (_, j) => Math.sin(i * 7 + j) * 10 ** (i % 9),
      );
      const clipped = clipToNorm(vector, 0.1);
      expect(Math.hypot(...clipped)).toBeLessThanOrEqual(0.1);
    }
    const single = clipToNorm(Float32Array.of(3, 4), 1);
    expect(Math.hypot(...single)).toBeLessThanOrEqual(1);
    expect(Math.hypot(...single)).toBeGreaterThan(0.9999);
  });

  it("counts what is not finite as zero, and does not overflow", () => {
    expect([...clipToNorm(Float64Array.of(Number.NaN, 0.5, Infinity), 1)]).toEqual([0, 0.5, 0]);
    const huge = clipToNorm(Float64Array.of(3e300, 4e300), 5);
    expect(huge[0]).toBeCloseTo(3, 9);
    expect(huge[1]).toBeCloseTo(4, 9);
  });
});
