import { expect, test } from "vitest";
import { audit } from "./audit.ts";
import { fixedSecrets, nodes, type Pieces, production } from "./pieces.ts";

/**
 * 12: mu = 2 through the noise that is published. With 200 000 runs of each world it is 2 +- 0.02,
 * five standard errors (`npm run bench -- consensus`); with so many the same five are this bound.
 */
const runs = 250;
const bound = 0.02 * Math.sqrt(200_000 / runs);
/** Nodes that are not under audit: their noise cancels out of the statistic. */
const only0: Pieces = {
  ...production,
  noise: (x, rule, secret, use) => (use[2] === 0 ? production.noise(x, rule, secret, use) : x),
};

test("12: two worlds are told apart as well as mu = 2 allows, and no better", () => {
  const { mu, missed } = audit(only0, fixedSecrets(nodes), runs);
  expect(Math.abs(mu - 2)).toBeLessThan(bound);
  // False-negative rates of N(0,1) against N(2,1) at false-positive rates .5, .1 and .01.
  for (const [i, rate] of [0.0228, 0.2362, 0.6279].entries()) {
    expect(Math.abs(missed[i]! - rate)).toBeLessThan(0.004 * Math.sqrt(200_000 / runs) + 2 / runs);
  }
});

test("12: half the noise is found out", () => {
  const careless: Pieces = {
    ...only0,
    noise: (x, rule, secret, use) =>
      only0.noise(x, { ...rule, noise: rule.noise / 2 }, secret, use),
  };
  expect(audit(careless, fixedSecrets(nodes), runs).mu).toBeGreaterThan(2 + bound);
});
