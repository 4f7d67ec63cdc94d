import type { GossipMatrix } from "../../topology/mixing.ts";

/** Whose messages a node mixes, and by which weights. */
export interface MixingWeights {
  readonly from: Uint32Array<ArrayBuffer>;
  readonly weights: Float64Array<ArrayBuffer>;
}

/**
 * A node's row of the mixing matrix over those whose message is there: their weights make up for
 * the others', which is a function of messages and times alone. Null where none is there: the node
 * then has nothing to go on from, and sits the round out.
 */
export function mixingWeightsOf(
  { nodes, weights }: GossipMatrix,
  node: number,
  present: readonly number[],
): MixingWeights | null {
  const from = present.filter((j) => weights[node * nodes + j] !== 0);
  if (from.length === 0) return null;
  const row = Float64Array.from(from, (j) => weights[node * nodes + j]!);
  if (present.length === nodes) return { from: Uint32Array.from(from), weights: row };
  const sum = row.reduce((total, weight) => total + weight, 0);
  return { from: Uint32Array.from(from), weights: row.map((weight) => weight / sum) };
}
