import { describe, expect, it } from "vitest";
import { compose, windowOf } from "../../src/privacy/accountants/compose.ts";
import { epsilonOfMu } from "../../src/privacy/accountants/gaussian.ts";
import { pldDelta, pldEpsilon, pldEpsilonOneWay } from "../../src/privacy/accountants/pld.ts";
import { rdpDelta, rdpEpsilon, sketchRdp } from "../../src/privacy/accountants/rdp.ts";
import { deltaAt, epsilonAt } from "../../src/privacy/accountants/read-losses.ts";
import { subsampledRdp } from "../../src/privacy/accountants/subsampled-rdp.ts";
import type { Adjacency, DpSgdRelease, MechanismUse } from "../../src/privacy/release.ts";

function dpSgd(
  rate: number,
  noise: number,
  steps: number,
  adjacency: Adjacency = "add-remove",
): DpSgdRelease {
  const sampler = rate === 1 ? "full-batch" : "poisson";
  return { mechanism: "dp-sgd", adjacency, sampler, divisor: "public", rate, noise, steps };
}

/** Mironov, Talwar and Zhang (2019), q = 0.01, sigma = 1.1: ln A(alpha) / (alpha - 1). */
describe("Renyi divergences of a sampled batch", () => {
  it.each([
    [2, 1.28510081605162e-4],
    [5, 3.40157966332967e-4],
    [8, 5.84070335520251e-4],
    [32, 8.46941643367593],
  ])("of order %d", (alpha, value) => {
    expect(subsampledRdp(dpSgd(0.01, 1.1, 1), alpha) / value).toBeCloseTo(1, 12);
    // The integral beside the finite sum: a hair's breadth from the whole order.
    const near = subsampledRdp(dpSgd(0.01, 1.1, 1), alpha * (1 + 1e-12));
    expect(near / value).toBeCloseTo(1, 9);
  });

  it("of an order between whole ones, by the integral", () => {
    expect(subsampledRdp(dpSgd(0.01, 1.1, 1), 4.7) / 3.1778807182195e-4).toBeCloseTo(1, 12);
  });

  it("are those of normal noise where every record is in every batch", () => {
    for (const adjacency of ["add-remove", "replace-one"] as const)
      for (const alpha of [1.5, 3, 7.25]) {
        const all = subsampledRdp(dpSgd(1, 1.3, 1, adjacency), alpha);
        const almost = subsampledRdp(dpSgd(1 - 1e-12, 1.3, 1, adjacency), alpha);
        expect(almost / all).toBeCloseTo(1, 8);
      }
  });
});

/** The reference table: q, sigma, T, delta; rdp by whole orders, the best, all orders; true pld. */
const table = [
  [0.01, 1.1, 10_000, 1e-5, 5.6543080001, 5, 5.631809667, 5.192583],
  [0.01, 4, 10_000, 1e-5, 1.035490066, 17, 1.0353840019, 0.946867],
  [0.01, 1, 1_000, 1e-5, 2.1077530755, 8, 2.1013221312, 1.828237],
  [256 / 60_000, 1.1, 14_062, 1e-5, null, null, null, 2.381597],
  [0.001, 0.8, 10_000, 1e-6, 1.7201228859, 8, 1.7036252777, 0.947196],
] as const;

describe.each(table)("DP-SGD q %d, sigma %d, T %d", (q, noise, steps, delta, ...expected) => {
  const [whole, order, real, pld] = expected;
  const releases = [dpSgd(q, noise, steps)];

  it.runIf(whole !== null)("by Renyi's orders", () => {
    const found = rdpEpsilon(releases, delta, "integer");
    expect(found.value).toBeCloseTo(whole!, 9);
    expect(found.order).toBe(order);
    expect(rdpEpsilon(releases, delta).value).toBeCloseTo(real!, 8);
  });

  it("by privacy losses: certified, and above the truth by little", () => {
    const found = pldEpsilon(releases, delta)!;
    expect(found).toBeGreaterThanOrEqual(pld - 5e-7);
    expect(found).toBeLessThan(pld + 2.5e-4);
  });
});

describe("privacy losses", () => {
  const first = dpSgd(0.01, 1.1, 10_000);

  it("of the reference lie between 5.192583 and 5.1927, in less than 2 seconds' work", () => {
    const before = process.threadCpuUsage();
    const found = pldEpsilon([first], 1e-5)!;
    const { user, system } = process.threadCpuUsage(before);
    expect(user + system).toBeLessThan(2e6);
    expect(found).toBeGreaterThanOrEqual(5.192583);
    expect(found).toBeLessThanOrEqual(5.1927);
  });

  it("differ by the direction, and the larger counts", () => {
    const add = pldEpsilonOneWay([first], 1e-5, "add")!;
    expect(add).toBeGreaterThanOrEqual(4.8065 - 5e-7);
    expect(add).toBeLessThan(4.8066);
    expect(pldEpsilonOneWay([first], 1e-5, "remove")).toBe(pldEpsilon([first], 1e-5));
  });

  it("honour the adjacency: replacing a record costs more than adding one", () => {
    // dp_accounting's losses for replace-one, h = 1e-4.
    expect(pldEpsilon([dpSgd(0.01, 1.1, 10_000, "replace-one")], 1e-5)).toBeCloseTo(9.4223, 4);
  });

  it("give delta as well as epsilon", () => {
    expect(pldDelta([first], 2)! / 0.0426642).toBeCloseTo(1, 3);
    const atFive = pldDelta([first], 5)!;
    expect(atFive).toBeGreaterThan(1.96624e-5);
    expect(atFive / 1.96624e-5).toBeLessThan(1.0005);
  });

  it("of full batches are exact: 1.993091404, and nearly so just below", () => {
    expect(pldEpsilon([dpSgd(1, 20, 100)], 1e-5)).toBeCloseTo(1.993091404, 9);
    const numeric = pldEpsilon([dpSgd(1 - 1e-9, 20, 100)], 1e-5)!;
    expect(numeric).toBeGreaterThan(1.993091404);
    expect(numeric).toBeLessThan(1.9932);
  });

  it("never lie below the exact curve, at any noise, count or delta", () => {
    for (const [mu, steps, delta] of [
      [0.01, 1, 1e-3],
      [0.3, 30, 1e-6],
      [2, 1, 1e-10],
      [2, 2_000, 1e-6],
    ] as const) {
      // A rate that is 1 for all that matters goes the numeric way.
      const numeric = pldEpsilonOneWay(
        [dpSgd(1 - 1e-13, Math.sqrt(steps) / mu, steps)],
        delta,
        "remove",
      )!;
      const exact = epsilonOfMu(mu, delta);
      expect(numeric).toBeGreaterThanOrEqual(exact - 1e-11);
      expect(numeric - exact).toBeLessThan(1e-4);
    }
  });

  it("of Laplace noise are what its formula says", () => {
    const laplace = (times: number, scale: number): MechanismUse => ({
      mechanism: "laplace",
      adjacency: "replace-one",
      sensitivity: 1,
      scale,
      times,
    });
    // delta(epsilon) = 1 - e^((epsilon - t) / 2), t = sensitivity over scale.
    const delta = pldDelta([laplace(1, 1)], 0.5)!;
    expect(delta).toBeGreaterThanOrEqual(1 - Math.exp(-0.25));
    expect(delta).toBeLessThan((1 - Math.exp(-0.25)) * (1 + 1e-7));
    // A hundred of a tenth: far below the 10 that they add up to, and above the exact normal limit.
    const many = pldEpsilon([laplace(100, 10)], 1e-5)!;
    expect(many).toBeGreaterThan(4);
    expect(many).toBeLessThan(rdpEpsilon([laplace(100, 10)], 1e-5).value);
  });

  it("add up over kinds, whatever the order", () => {
    const gaussian: MechanismUse = {
      mechanism: "gaussian",
      adjacency: "add-remove",
      sensitivity: 1,
      sigma: 1,
      times: 1,
    };
    const both = pldEpsilon([first, gaussian], 1e-5)!;
    expect(pldEpsilon([gaussian, dpSgd(0.01, 1.1, 4_000), dpSgd(0.01, 1.1, 6_000)], 1e-5)).toBe(
      both,
    );
    expect(both).toBeGreaterThan(5.1926);
    expect(both).toBeLessThan(rdpEpsilon([first, gaussian], 1e-5).value);
  });
});

/** "Gaussian Mixing Mechanism" (2025): k rows, gamma = (sigma^2 + lambda_min) / C^2. */
describe("sketches by Renyi's orders", () => {
  it.each([
    [2, 0.006248698278],
    [5, 0.016301171513],
    [20, 0.084293271644],
  ])("k = 30, gamma = 50, order %d", (alpha, value) => {
    expect(sketchRdp(30, 50, alpha)).toBeCloseTo(value, 12);
    expect(sketchRdp(30, 50, alpha)).toBeCloseTo(normalDivergence(30, 50, alpha), 11);
  });

  it.each([
    [100, 100, 0.314726892],
    [100, 50, 0.675760963],
  ])("k = %d, gamma = %d at 1e-5", (rows, margin, epsilon) => {
    const release: MechanismUse = { mechanism: "sketch", adjacency: "zero-out", rows, margin };
    expect(rdpEpsilon([release], 1e-5).value).toBeCloseTo(epsilon, 8);
    expect(rdpDelta([release], epsilon).value / 1e-5).toBeCloseTo(1, 5);
    // By the two laws themselves it costs less.
    expect(pldEpsilon([release], 1e-5)).toBeLessThan(0.95 * epsilon);
  });
});

/**
 * The order-alpha divergence of k samples of N(0, gamma) from as many of N(0, gamma - 1): what a
 * row of norm 1 changes, in the one direction in which it changes anything.
 */
function normalDivergence(k: number, gamma: number, alpha: number): number {
  const [p, q] = [gamma, gamma - 1];
  const mixed = alpha * q + (1 - alpha) * p;
  return k * (Math.log(q / p) / 2 + Math.log(q / mixed) / (2 * (alpha - 1)));
}

it("counts losses that may be infinite, once for each release", () => {
  const law = { step: 0.1, first: -1, masses: Float64Array.of(0.4, 0.2, 0.399), infinite: 1e-3 };
  const losses = [{ law, count: 3 }];
  const composed = compose(losses, 1, windowOf(losses, 1));
  // Three finite losses are 0.3 at most: at 1 all there is are the infinite ones.
  expect(deltaAt(composed, 1)).toBeGreaterThanOrEqual(3e-3);
  expect(deltaAt(composed, 1)).toBeLessThan(3e-3 + 1e-9);
  expect(epsilonAt(composed, 2e-3)).toBe(Number.POSITIVE_INFINITY);
});
