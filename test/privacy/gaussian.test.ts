import { describe, expect, it } from "vitest";
import {
  deltaOfMu,
  epsilonOfMu,
  gaussianEpsilon,
  gaussianMu,
  muOf,
} from "../../src/privacy/accountants/gaussian.ts";
import { type MechanismUse, parseMechanismUse } from "../../src/privacy/release.ts";

/**
 * Balle and Wang (2018), "Improving the Gaussian mechanism": sigma / Delta = 1 / mu with
 * Phi(mu/2 - eps/mu) - e^eps Phi(-mu/2 - eps/mu) = delta, solved with 40 digits.
 */
const sigmas: readonly [epsilon: number, delta: number, sigma: number][] = [
  [0.01, 1e-8, 412.35694208],
  [0.1, 1e-5, 30.749566132],
  [0.5, 1e-5, 7.03182667558],
  [1, 1e-2, 1.87787556091],
  [1, 1e-5, 3.73063163482],
  [1, 1e-6, 4.22467888933],
  [1, 1e-9, 5.49526615724],
  [2, 1e-5, 1.99381244564],
  [4, 1e-5, 1.08116184952],
  [8, 1e-5, 0.600229072199],
  [10, 1e-10, 0.683043967227],
  [0, 1e-3, 398.942175959],
];

function gaussian(sensitivity: number, sigma: number, times = 1): MechanismUse {
  return { mechanism: "gaussian", adjacency: "replace-one", sensitivity, sigma, times };
}

describe("one normal release", () => {
  it.each(sigmas)("epsilon %d and delta %d need sigma %d", (epsilon, delta, sigma) => {
    expect(1 / muOf(epsilon, delta) / sigma).toBeCloseTo(1, 9);
    if (epsilon > 0) expect(epsilonOfMu(1 / sigma, delta) / epsilon).toBeCloseTo(1, 9);
    expect(deltaOfMu(1 / sigma, epsilon) / delta).toBeCloseTo(1, 7);
  });

  it.each([
    [1, 1e-5, 4.37717809568],
    [0.5, 1e-5, 1.99309140442],
    [2, 1e-5, 9.99725614643],
    [3, 1e-6, 18.1634457591],
    [0.1, 1e-5, 0.340669364684],
  ])("mu %d at delta %d is epsilon %d", (mu, delta, epsilon) => {
    expect(epsilonOfMu(mu, delta)).toBeCloseTo(epsilon, 9);
  });

  it.each([
    [1, 1, 0.126936737507],
    [1, 4, 4.71224120079e-5],
    [0.25, 1, 2.92427210486e-6],
    // The classical formula at (20, 1e-5): what it really keeps.
    [1 / 0.24224, 20, 1.5266947e-3],
  ])("mu %d at epsilon %d is delta %d", (mu, epsilon, delta) => {
    expect(deltaOfMu(mu, epsilon) / delta).toBeCloseTo(1, 4);
  });

  it("gives epsilon and mu that hold, and no less would", () => {
    for (const mu of [1e-3, 0.1, 1, 7, 60])
      for (const delta of [1e-12, 1e-6, 0.01]) {
        const epsilon = epsilonOfMu(mu, delta);
        expect(deltaOfMu(mu, epsilon)).toBeLessThanOrEqual(delta);
        if (epsilon > 0) expect(deltaOfMu(mu, epsilon * (1 - 1e-6))).toBeGreaterThan(delta);
        expect(epsilonOfMu(mu * 1.01, delta)).toBeGreaterThanOrEqual(epsilon);
        expect(deltaOfMu(muOf(epsilon, delta), epsilon)).toBeLessThanOrEqual(delta);
      }
  });
});

describe("many normal releases", () => {
  it("49 equal messages at (1, 1e-5) need sigma 26.11442144", () => {
    const sigma = Math.sqrt(49) / muOf(1, 1e-5);
    expect(sigma).toBeCloseTo(26.11442144, 7);
    const messages = Array.from({ length: 49 }, () => gaussian(1, sigma));
    expect(gaussianEpsilon(messages, 1e-5)).toBeCloseTo(1, 9);
  });

  it("counts steps and noise that shrink alike as equal ones", () => {
    const kappa = Math.sqrt(49) / muOf(1, 1e-5);
    const messages = Array.from({ length: 49 }, (_, t) => gaussian(1 / (t + 1), kappa / (t + 1)));
    expect(gaussianMu(messages)).toBeCloseTo(muOf(1, 1e-5), 12);
  });

  it("heeds neither order nor splitting, but every copy", () => {
    const messages = Array.from({ length: 20 }, (_, t) => gaussian(1 + t / 3, 30 + 7 * t));
    const epsilon = gaussianEpsilon(messages, 1e-5);
    expect(gaussianEpsilon([...messages].reverse(), 1e-5)).toBe(epsilon);
    const split = messages.flatMap(({ ...one }) => [
      { ...one, sigma: (one as { sigma: number }).sigma * Math.SQRT2 } as MechanismUse,
      { ...one, sigma: (one as { sigma: number }).sigma * Math.SQRT2 } as MechanismUse,
    ]);
    expect(gaussianEpsilon(split, 1e-5)).toBeCloseTo(epsilon!, 12);
    const one = gaussian(1, 1 / muOf(1, 1e-5));
    expect(gaussianEpsilon([one, one], 1e-5)).toBeCloseTo(1.46517, 5);
  });

  it("has nothing to say of other noise", () => {
    const laplace = { mechanism: "laplace", adjacency: "replace-one", sensitivity: 1, scale: 1 };
    expect(gaussianEpsilon([parseMechanismUse(laplace, "release")], 1e-5)).toBeNull();
  });
});

describe("what a release must name", () => {
  const dpSgd = {
    mechanism: "dp-sgd",
    adjacency: "add-remove",
    sampler: "poisson",
    divisor: "public",
    rate: 0.01,
    noise: 1.1,
    steps: 10,
  };

  it.each([
    ["adjacency", undefined, /release.adjacency/],
    ["sampler", undefined, /release.sampler/],
    ["sampler", "shuffle", /"shuffle"/],
    ["divisor", undefined, /release.divisor/],
    ["divisor", "realised", /"realised" tells/],
    ["sampler", "full-batch", /rate: 0.01 with full batches/],
    ["rate", 1.5, /release.rate/],
    ["nois", 1, /release.nois/],
    ["mechanism", "gausian", /no mechanism is called/],
  ])("refuses %s: %s", (key, value, message) => {
    expect(() => parseMechanismUse({ ...dpSgd, [key]: value }, "release")).toThrow(message);
  });

  it("refuses to add up budgets under two adjacencies", () => {
    const other = { ...gaussian(1, 1), adjacency: "add-remove" } as MechanismUse;
    expect(() => gaussianEpsilon([gaussian(1, 1), other], 1e-5)).toThrow(/add-remove/);
  });
});
