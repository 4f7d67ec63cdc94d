import { type StepSizes, stepAt } from "../../../src/strategies/gossip/schedule.ts";
import { metropolis } from "../../../src/topology/mixing.ts";
import { topologies } from "../../../src/topology/registry.ts";
import { nodes, optimum, usualData } from "./pieces.ts";

export interface Exact {
  readonly perNode: number;
  readonly ofMean: number;
  /** Of the expectation alone, per node. */
  readonly squaredBias: number;
}

/**
 * Mean and covariance of X <- (1 - step_t) W (X + N_t) + step_t A, T times from 0, where N_t is of
 * variance `variances[t]`, and so the errors of the reference case without any sampling.
 */
export function propagated(
  graph: "ring" | "complete",
  rounds: number,
  steps: StepSizes,
  variances: readonly number[],
): Exact {
  const { weights: w } = metropolis(topologies.create({ type: graph }).graph(nodes));
  let mean = new Float64Array(nodes);
  let covariance = new Float64Array(nodes * nodes);
  for (let t = 0; t < rounds; t++) {
    const step = stepAt(steps, t);
    for (let i = 0; i < nodes; i++) covariance[i * nodes + i]! += variances[t]!;
    const half = product(w, covariance);
    covariance = product(half, w).map((value) => (1 - step) ** 2 * value);
    mean = Float64Array.from(usualData, (a, i) => {
      let z = 0;
      for (let j = 0; j < nodes; j++) z += w[i * nodes + j]! * mean[j]!;
      return (1 - step) * z + step * a;
    });
  }
  let variance = 0;
  let all = 0;
  for (let i = 0; i < nodes; i++) variance += covariance[i * nodes + i]! / nodes;
  for (const value of covariance) all += value / nodes ** 2;
  const squaredBias = mean.reduce((sum, m) => sum + (m - optimum) ** 2, 0) / nodes;
  const centre = mean.reduce((sum, m) => sum + m, 0) / nodes;
  const ofMean = all + (centre - optimum) ** 2;
  return { perNode: variance + squaredBias, ofMean, squaredBias };
}

function product(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(nodes * nodes);
  for (let i = 0; i < nodes; i++)
    for (let k = 0; k < nodes; k++)
      for (let j = 0; j < nodes; j++) out[i * nodes + j]! += a[i * nodes + k]! * b[k * nodes + j]!;
  return out;
}
