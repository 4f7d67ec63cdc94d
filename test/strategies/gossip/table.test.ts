import { describe, expect, test } from "vitest";
import { muOf } from "../../../src/privacy/accountants/gaussian.ts";
import { calibrated, type StepSizes, stepAt } from "../../../src/strategies/gossip/schedule.ts";
import { propagated } from "./exact.ts";
import { consensusRuns, fixedSecrets, nodes, production, squaredErrors } from "./pieces.ts";

/**
 * Mean estimation over ten nodes, a_i = i/9, at (1, 1e-5): mean and covariance propagated exactly
 * through X <- (1 - step) W (X + N) + step A, D = 1, messages 1 to T - 1. Columns: per-node error,
 * error of the nodes' mean, squared bias per node.
 */
const decaying: StepSizes = { decaying: 1 };
const table: ["ring" | "complete", StepSizes, number, number, number, number][] = [
  ["ring", 0.1, 50, 5.6727379949, 2.9072272827, 0.014906235],
  ["complete", 0.1, 50, 2.9082458013, 2.9072272827, 0.0010251589],
  ["ring", decaying, 10, 2.0152815394, 1.127326604, 0.0230889704],
  ["ring", decaying, 50, 1.5416452325, 1.3366474944, 0.0016327323],
  ["ring", decaying, 1000, 1.3993486034, 1.3889791088, 0.0000040906],
  ["complete", decaying, 50, 1.3366882351, 1.3366474944, 0.0000407407],
];

/** sigma_t = Delta_t sqrt(T - 1) / mu, without the grid's last word. */
function deviations(steps: StepSizes, rounds: number): number[] {
  const mu = muOf(1, 1e-5);
  return Array.from(
    { length: rounds - 1 },
    (_, t) => (stepAt(steps, t) * Math.sqrt(rounds - 1)) / mu,
  );
}

function schedule(steps: StepSizes, rounds: number, noise: "gaussian" | "laplace" = "gaussian") {
  const delta = noise === "gaussian" ? 1e-5 : 0;
  const about = { steps, messages: rounds - 1, dimension: 1, noise, epsilon: 1, delta };
  return calibrated({ ...about, gradientSensitivity: 1 }).map((message) => message.noise);
}

describe("8: the reference table", () => {
  test.each(table)("%s, steps %j, T = %i", (graph, steps, rounds, perNode, ofMean, bias) => {
    const sigmas = deviations(steps, rounds);
    const exact = propagated(graph, rounds, steps, [0, ...sigmas.map((sigma) => sigma ** 2)]);
    // To the table's ten decimals.
    expect(Math.abs(exact.perNode - perNode)).toBeLessThan(1e-9);
    expect(Math.abs(exact.ofMean - ofMean)).toBeLessThan(1e-9);
    expect(Math.abs(exact.squaredBias - bias)).toBeLessThan(1e-9);
    // What the strategy draws is that noise, and a rounding's worth more.
    for (const [i, noise] of schedule(steps, rounds).entries()) {
      expect(noise).toBeGreaterThan(sigmas[i]!);
      expect(noise / sigmas[i]! - 1).toBeLessThan(1e-6);
    }
  });

  test.each([
    ["ring", 0.1, 50, 60],
    ["ring", decaying, 10, 120],
    ["complete", decaying, 10, 80],
  ] as ["ring" | "complete", StepSizes, number, number][])(
    "%s, steps %j, T = %i by %i runs through the noise that is published",
    (graph, steps, rounds, runs) => {
      const noises = schedule(steps, rounds);
      const secrets = fixedSecrets(nodes);
      const run = consensusRuns({ graph, rounds, steps, noises }, production, secrets);
      const { perNode, ofMean } = squaredErrors(run, runs);
      const exact = propagated(graph, rounds, steps, [0, ...noises.map((noise) => noise ** 2)]);
      for (const [found, wanted] of [
        [perNode, exact.perNode],
        [ofMean, exact.ofMean],
      ] as const)
        expect(Math.abs(found.value - wanted) / found.standardError).toBeLessThan(4);
    },
  );
});

describe("10: error in the number of rounds", () => {
  const errorAt = (rounds: number, noise: "gaussian" | "laplace") => {
    const noises = schedule(decaying, rounds, noise);
    const factor = noise === "gaussian" ? 1 : 2;
    const variances = [0, ...noises.map((scale) => factor * scale ** 2)];
    return propagated("ring", rounds, decaying, variances).ofMean;
  };

  test("flat under normal noise, growing under Laplace's", () => {
    expect(errorAt(1000, "gaussian") / errorAt(200, "gaussian")).toBeCloseTo(1.008057, 5);
    expect(errorAt(1000, "laplace") / errorAt(200, "laplace")).toBeCloseTo(5.0605, 3);
  });

  test.each([
    [10, 1.458, 1.127327],
    [50, 9.41192, 1.336647],
    [200, 39.402995, 1.377878],
    [1000, 199.4006, 1.388979],
  ])("T = %i: %f under Laplace's, %f under normal noise", (rounds, laplace, gaussian) => {
    // A grid's rounding is paid for as well: two in 2^29 for each of a thousand messages.
    expect(errorAt(rounds, "laplace") / laplace - 1).toBeLessThan(5e-6);
    expect(errorAt(rounds, "laplace") / laplace - 1).toBeGreaterThan(-1e-6);
    expect(Math.abs(errorAt(rounds, "gaussian") - gaussian)).toBeLessThan(2e-6);
  });
});
