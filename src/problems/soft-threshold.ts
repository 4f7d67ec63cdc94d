import { eachPenalized, type WeightShape } from "./penalty.ts";

/**
 * The proximal map of stepSize l1 |w|_1, in place: every penalised weight moves stepSize l1 towards
 * zero and stops there; intercepts stay.
 */
export function softThreshold(
  l1: number,
  stepSize: number,
  shape: WeightShape,
  weights: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  const threshold = stepSize * l1;
  if (threshold === 0) return weights;
  eachPenalized(weights.length, shape, (j) => {
    const weight = weights[j]!;
    const left = Math.abs(weight) - threshold;
    weights[j] = left > 0 ? Math.sign(weight) * left : 0;
  });
  return weights;
}

/** How many of the penalised weights are not zero. */
export function countNonzero(weights: Float32Array, shape: WeightShape): number {
  let count = 0;
  eachPenalized(weights.length, shape, (j) => {
    if (weights[j] !== 0) count++;
  });
  return count;
}
