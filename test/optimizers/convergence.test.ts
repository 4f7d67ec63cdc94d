import { describe, expect, test } from "vitest";
import { adam, amsgrad, avgrad } from "../../src/optimizers/adaptive/adam-family.ts";
import { mada } from "../../src/optimizers/adaptive/mada/mada.ts";
import { apart, gradientOf, Walker } from "./sequence.ts";

/*
 * Reddi, Kale and Kumar's sequence: f_t(x) = 1010 x if t mod 101 = 1, else -10 x, on [-1, 1], of
 * which every 101 steps sum to 10 x: the right end is -1.
 */
describe("on the sequence on which Adam goes the wrong way", () => {
  // A seventh of the way and twice the rate; bench/reddi walks all of it.
  const options = { learningRate: 2e-3, beta1: 0.9, beta2: 0.99 };
  const steps = 300_000;

  test("Adam ends at the wrong end, AMSGrad and AVGrad on the right way", () => {
    expect(reddi(new Walker(adam, options, [0]), steps)).toBeGreaterThan(0.9);
    expect(reddi(new Walker(amsgrad, options, [0]), steps)).toBeLessThan(-0.4);
    expect(reddi(new Walker(avgrad, options, [0]), steps)).toBeLessThan(-0.4);
  });

  test("MADA starts as Adam, learns rho = 0, and turns round", () => {
    const own = { rho: 0.1, c: 0.1, beta3: 0.1 };
    const still = { beta1: 0, beta2: 0, gamma: 0 };
    const learning = {
      hyperLearningRate: { ...own, ...still },
      hyperMomentum: 0.9,
      delay: 0,
      rho: 1,
    };
    const walker = new Walker(mada, { ...options, ...learning }, [0]);
    expect(reddi(walker, 50_000)).toBeGreaterThan(0.2);
    expect(reddi(walker, steps)).toBeLessThan(0);
    expect(walker.method.core.learned!(walker.state).rho).toBeLessThan(0.01);
    const frozen = { ...options, ...learning, freeze: "all" };
    expect(reddi(new Walker(mada, frozen, [0]), steps)).toBeGreaterThan(0.9);
  });
});

describe("AVGrad", () => {
  test("t vbar_t is the sum of g_j^2 (1 - b2^(t - j + 1)), and never falls", () => {
    const walker = new Walker(avgrad, { beta2: 0.9 });
    let before = new Float64Array(4);
    for (let t = 1; t <= 60; t++) {
      walker.along(t);
      const times = walker.state.slots.w!.map((mean) => t * mean);
      const sums = new Float64Array(4);
      for (let j = 1; j <= t; j++)
        for (const [i, g] of gradientOf(j).entries()) sums[i]! += g * g * (1 - 0.9 ** (t - j + 1));
      expect(apart(times, sums)).toBeLessThan(1e-11);
      for (const [i, value] of times.entries()) expect(value).toBeGreaterThanOrEqual(before[i]!);
      before = times;
    }
  });

  /*
   * b1 = 0, rate a / sqrt(t), no debias, domain of diameter D: the regret is at most
   * D^2/(2a) sqrt(T vbar_T) + a/sqrt(1 - b2) |g|. Known for a = .5, b2 = .9, T = 5000:
   * 4213.0 <= 40050.6.
   */
  test("its regret is within the bound", () => {
    const schedule = { type: "inverse", after: 1, power: 0.5 };
    const options = { learningRate: 0.5, beta1: 0, beta2: 0.9, debias: "none", schedule };
    const walker = new Walker(avgrad, options, [0]);
    let [loss, sum, squares] = [0, 0, 0];
    for (let t = 1; t <= 5000; t++) {
      const slope = reddiSlope(t);
      loss += slope * walker.weights[0]!;
      sum += slope;
      squares += slope * slope;
      boxed(walker.step(Float64Array.of(slope)));
    }
    const regret = loss + Math.abs(sum);
    const mean = walker.state.slots.w![0]!;
    const bound = 4 * Math.sqrt(5000 * mean) + (0.5 / Math.sqrt(0.1)) * Math.sqrt(squares);
    expect(regret).toBeCloseTo(4213, 1);
    expect(bound).toBeCloseTo(40050.6, 1);
  });
});

function reddiSlope(t: number): number {
  return t % 101 === 1 ? 1010 : -10;
}

/** Until so many steps are taken in all; where that is. */
function reddi(walker: Walker, steps: number): number {
  while (walker.state.step < steps)
    boxed(walker.step(Float64Array.of(reddiSlope(walker.state.step + 1))));
  return walker.weights[0]!;
}

function boxed({ weights }: Walker): void {
  weights[0] = Math.min(1, Math.max(-1, weights[0]!));
}
