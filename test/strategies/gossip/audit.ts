import type { Pieces } from "./pieces.ts";
import { consensusRuns, nodes, type Trace, usualData } from "./pieces.ts";

const rounds = 20;
const step = 0.1;
/** Nineteen messages of sensitivity 0.1 make mu = 2. */
export const auditSigma = (step * Math.sqrt(rounds - 1)) / 2;

export interface Audit {
  /** The distance of the two worlds' statistics, in their deviations. */
  readonly mu: number;
  /** How often the test at each of `falseAlarms` misses. */
  readonly missed: readonly number[];
}

export const falseAlarms = [0.5, 0.1, 0.01];

/**
 * Two worlds that differ in one node's datum by 1, told apart from messages alone by the best test
 * there is: the sum of (y_0(t) - (1 - step) z_0(t - 1)) step / sigma^2.
 */
export function audit(pieces: Pieces, secrets: readonly Uint8Array[], runs: number): Audit {
  const noises = Array.from({ length: rounds - 1 }, () => auditSigma);
  const about = { graph: "ring", rounds, steps: step, noises } as const;
  const worlds = [0, 1].map((a) => {
    const data = [a, ...usualData.slice(1)];
    const run = consensusRuns({ ...about, data }, pieces, secrets);
    // Noise of the two worlds must be apart, too: runs are numbered through.
    return Float64Array.from({ length: runs }, (_, i) => statistic(run(2 * i + a)));
  });
  const [none, one] = worlds.map((world) => world.sort()) as [Float64Array, Float64Array];
  const deviation = Math.sqrt((variance(none) + variance(one)) / 2);
  const missed = falseAlarms.map((rate) => {
    const threshold = none[Math.min(runs - 1, Math.floor((1 - rate) * runs))]!;
    return one.filter((value) => value <= threshold).length / runs;
  });
  return { mu: (mean(one) - mean(none)) / deviation, missed };
}

function statistic({ messages }: Trace): number {
  let sum = 0;
  for (let t = 1; t < rounds; t++) {
    const before = messages[t - 1]!;
    const z = (before[nodes - 1]! + before[0]! + before[1]!) / 3;
    sum += ((messages[t]![0]! - (1 - step) * z) * step) / auditSigma ** 2;
  }
  return sum;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: Float64Array): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
