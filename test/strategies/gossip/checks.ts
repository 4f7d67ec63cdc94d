import type { Examples } from "../../../src/math/rows.ts";
import { epsilonOfMu, gaussianMu, muOf } from "../../../src/privacy/accountants/gaussian.ts";
import { muOfView } from "../../../src/privacy/observers.ts";
import { problems } from "../../../src/problems/registry.ts";
import {
  type Calibration,
  calibrated,
  type MessageSensitivity,
} from "../../../src/strategies/gossip/schedule.ts";
import { metropolis } from "../../../src/topology/mixing.ts";
import { topologies } from "../../../src/topology/registry.ts";
import { propagated } from "./exact.ts";
import {
  consensusRuns,
  fixedSecrets,
  nodes,
  type Pieces,
  production,
  squaredErrors,
} from "./pieces.ts";

/** The checks by their numbers, over production's pieces or a mutant's; each throws if it fails. */

/** 8: Monte-Carlo of the ring agrees with exact propagation within four standard errors. */
export function check8(pieces: Pieces, runs = 40): void {
  const rounds = 12;
  const sigma = (0.1 * Math.sqrt(rounds - 1)) / muOf(1, 1e-5);
  const noises = Array.from({ length: rounds - 1 }, () => sigma);
  const secrets = fixedSecrets(nodes);
  const run = consensusRuns({ graph: "ring", rounds, steps: 0.1, noises }, pieces, secrets);
  const found = squaredErrors(run, runs);
  const exact = propagated("ring", rounds, 0.1, [0, ...noises.map((noise) => noise ** 2)]);
  for (const name of ["perNode", "ofMean"] as const) {
    const away = Math.abs(found[name].value - exact[name]) / found[name].standardError;
    if (!(away < 4)) throw new Error(`check 8: ${name} is ${away} standard errors off`);
  }
}

/**
 * 6: what the messages of a run with geometric steps cost, by the accountant over what was really
 * sent: message t shows step t - 1.
 */
export function check6(calibrate: (given: Calibration) => readonly MessageSensitivity[]): void {
  const steps = { first: 1, ratio: 0.6, noiseRatio: 0.9 };
  const about = { steps, messages: 60, dimension: 1, noise: "laplace" } as const;
  const messages = calibrate({ ...about, epsilon: 1, delta: 0, gradientSensitivity: 2 });
  const epsilon = messages.reduce((sum, { noise }, i) => sum + (2 * 0.6 ** i) / noise, 0);
  if (Math.abs(epsilon - 1) > 1e-6)
    throw new Error(`check 6: the messages cost epsilon ${epsilon}, not 1`);
}

/**
 * 11: one record or node swapped, the same messages heard: the next state moves by no more than is
 * said, and by nearly as much at the worst.
 */
export function check11(step: Pieces["step"]): void {
  const clip = 0.7;
  const problem = problems.create({ type: "ridge", l2: 0 } as { type: string });
  const rule = { step: 0.3, clip, divisor: 4, region: { ball: 50 }, intercept: false };
  const z = Float64Array.of(0.5, -0.25);
  const moved = (a: Examples, b: Examples) => {
    const [x, y] = [a, b].map((rows) => step(problem, rows, z.slice(), rule));
    return Math.hypot(...x!.map((value, j) => value - y![j]!));
  };
  // Gradients far above the clip, in opposite directions.
  const towards = (sign: number) => [3, 4, 1000 * sign];
  const of = (...records: number[][]): Examples => ({
    rows: {
      kind: "dense",
      rows: records.length,
      columns: 2,
      values: Float32Array.from(records.flatMap(([a, b]) => [a!, b!])),
    },
    targets: Float32Array.from(records.map(([, , y]) => y!)),
  });
  const others = [
    [1, 2, 3],
    [-2, 0.5, 7],
    [0.1, 0, -9],
  ];
  const up = Array.from({ length: 4 }, () => towards(1));
  const down = Array.from({ length: 4 }, () => towards(-1));
  const cases: [string, number, number][] = [
    ["a record replaced", moved(of(...others, towards(1)), of(...others, towards(-1))), 2 / 4],
    ["a record more", moved(of(...others, towards(1)), of(...others)), 1 / 4],
    ["a node replaced", moved(of(...up), of(...down)), 2],
    ["a node of more rows", moved(of(...up, ...up), of(...down, ...down)), 2],
  ];
  for (const [what, distance, factor] of cases) {
    const bound = rule.step * clip * factor;
    if (!(distance <= bound * (1 + 1e-12) && distance >= 0.99 * bound))
      throw new Error(`check 11: ${what} moves the state by ${distance}, the bound is ${bound}`);
  }
}

/** 9: the view of all messages is the sum of (Delta / sigma)^2, for noise as this node mixes it. */
export function check9(pieces: Pieces): void {
  const { weights: mixing } = metropolis(topologies.create({ type: "ring" }).graph(nodes));
  const sigma = 2.6114421444;
  const claimed = gaussianMu([
    { mechanism: "gaussian", adjacency: "replace-one", sensitivity: 0.1, sigma, times: 49 },
  ])!;
  // How a node takes in noise, told from what it does: only the noise of one message is not zero.
  const noiseMixing = new Float64Array(nodes * nodes);
  for (let i = 0; i < nodes; i++) {
    const from = Array.from({ length: nodes }, (_, j) => j).filter((j) => mixing[i * nodes + j]);
    for (const noisy of from) {
      const heard = from.map((j) => Float64Array.of(j === noisy ? 1 : 0));
      const row = Float64Array.from(from, (j) => mixing[i * nodes + j]!);
      const z = pieces.mix(row, heard, from.indexOf(i), Float64Array.of(0));
      noiseMixing[i * nodes + noisy] = z[0]!;
    }
  }
  const steps = Array.from({ length: 50 }, () => 0.1);
  const deviations = steps.map((_, t) => (t === 0 ? 0 : sigma));
  const reads = Array.from({ length: nodes }, (_, i) => i);
  const consensus = { nodes, mixing, noiseMixing, steps, deviations };
  const mu = muOfView(consensus, 0, 1, { reads, knows: [] });
  if (Math.abs(mu - claimed) > 1e-9)
    throw new Error(`check 9: mu ${mu.toFixed(10)}, epsilon ${epsilonOfMu(mu, 1e-5).toFixed(6)}`);
}

export { calibrated, production };
