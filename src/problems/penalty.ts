/** How weights lie: one block of `columns` an output, one after another. */
export interface WeightShape {
  readonly columns: number;
  /** The last weight of every block is an intercept, which no penalty touches. */
  readonly intercept: boolean;
}

/** The factors of (l2/2) |w|^2 + l1 |w|_1. */
export interface Penalized {
  readonly l2: number;
  readonly l1: number;
}

/** The whole penalty, l1 part included. */
export function penalty(
  { l2, l1 }: Penalized,
  weights: Float32Array | Float64Array,
  shape: WeightShape,
): number {
  if (l1 === 0 && l2 === 0) return 0;
  let squares = 0;
  let absolute = 0;
  eachPenalized(weights.length, shape, (j) => {
    squares += weights[j]! * weights[j]!;
    absolute += Math.abs(weights[j]!);
  });
  return (l2 / 2) * squares + l1 * absolute;
}

/** `out` += l2 w: the gradient of the penalty's smooth part. */
export function addPenaltyGradient(
  l2: number,
  weights: Float32Array | Float64Array,
  shape: WeightShape,
  out: Float64Array<ArrayBuffer>,
): void {
  const { columns, intercept } = shape;
  // Spelled out: a function for each of ten million small shards takes longer than their sums.
  for (let start = 0; start < weights.length; start += columns) {
    const end = Math.min(weights.length, start + columns - (intercept ? 1 : 0));
    for (let j = start; j < end; j++) out[j]! += l2 * weights[j]!;
  }
}

/** Every index that a penalty touches, ascending. */
export function eachPenalized(
  length: number,
  { columns, intercept }: WeightShape,
  visit: (index: number) => void,
): void {
  for (let start = 0; start < length; start += columns) {
    const end = Math.min(length, start + columns - (intercept ? 1 : 0));
    for (let j = start; j < end; j++) visit(j);
  }
}

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
