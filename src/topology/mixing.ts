import { extremes } from "./eigenvalue-extremes.ts";
import type { Graph } from "./graph.ts";

/**
 * Weights with which every node averages what it and its neighbours say: row-major, symmetric,
 * doubly stochastic, 0 off the graph.
 */
export interface GossipMatrix {
  readonly nodes: number;
  readonly weights: Float64Array<ArrayBuffer>;
}

/** W_ij = 1/(1 + max(deg_i, deg_j)), the remainder on the diagonal; J for the complete graph. */
export function metropolis({ nodes, neighbours }: Graph): GossipMatrix {
  const weights = new Float64Array(nodes * nodes);
  for (const [i, near] of neighbours.entries()) {
    // Summed before it is taken away: in the complete graph every weight is 1/N to the bit.
    let rest = 0;
    for (const j of near) {
      const weight = 1 / (1 + Math.max(near.length, neighbours[j]!.length));
      weights[i * nodes + j] = weight;
      rest += weight;
    }
    weights[i * nodes + i] = near.length === nodes - 1 ? 1 / nodes : 1 - rest;
  }
  return { nodes, weights };
}

export interface MixingSpectrum {
  /** The second largest of the absolute eigenvalues; 0 for one node. */
  readonly second: number;
  /** 1 - second: near 0 news travels slowly. */
  readonly gap: number;
  /** The sum of squared entries, which is that of squared eigenvalues. */
  readonly squaredFrobenius: number;
}

export function mixingSpectrum({ nodes, weights }: GossipMatrix): MixingSpectrum {
  let squaredFrobenius = 0;
  for (const weight of weights) squaredFrobenius += weight * weight;
  const { lowest, secondHighest } = extremes(weights, nodes);
  const second = nodes === 1 ? 0 : Math.max(Math.abs(lowest), Math.abs(secondHighest));
  return { second, gap: 1 - second, squaredFrobenius };
}

/** Who of a row counts, and how much: nodes ascending. */
export function mixingRow(
  { nodes, weights }: GossipMatrix,
  node: number,
): { readonly from: readonly number[]; readonly weights: Float64Array<ArrayBuffer> } {
  const row = weights.subarray(node * nodes, (node + 1) * nodes);
  const from: number[] = [];
  for (let j = 0; j < nodes; j++) if (row[j] !== 0) from.push(j);
  return { from, weights: Float64Array.from(from, (j) => row[j]!) };
}

/** W to the power of `times`: what repeating a mixing comes to. */
export function repeated(mixing: GossipMatrix, times: number): GossipMatrix {
  let result = mixing;
  for (let k = 1; k < times; k++) result = product(result, mixing);
  return result;
}

function product(a: GossipMatrix, b: GossipMatrix): GossipMatrix {
  const { nodes } = a;
  const weights = new Float64Array(nodes * nodes);
  for (let i = 0; i < nodes; i++) {
    for (let k = 0; k < nodes; k++) {
      const factor = a.weights[i * nodes + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < nodes; j++) weights[i * nodes + j]! += factor * b.weights[k * nodes + j]!;
    }
  }
  return { nodes, weights };
}
