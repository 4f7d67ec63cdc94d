import { type FusedLoss, lossAndGradientFused } from "../math/kernels/passes.ts";
import { addTransposed, multiply } from "../math/products.ts";
import type { Examples, Rows } from "../math/rows.ts";
import { addScaled, scratchArray } from "../math/vector.ts";
import { batchedSums } from "./batched-sums.ts";
import type { Problem } from "./problem.ts";

/** Where nothing is kept: thousands of small shards would spend most of their time on memory. */
const scratch = { predictions: scratchArray(), slopes: scratchArray() };

/** What a loss of one output has kernels for. */
interface LossKernels {
  readonly fused?: FusedLoss;
  /** Sums of losses at predictions + step * change for each step; null for plain loops. */
  readonly lossesAlong?: (
    predictions: Float64Array<ArrayBuffer>,
    changes: Float64Array<ArrayBuffer>,
    targets: Float32Array,
    steps: Float64Array,
  ) => Float64Array | null;
}

/**
 * Loss, gradient and line search of any loss over linear predictions: `weights` are one block of
 * columns an output, predictions one block of rows an output. Where the loss has one output and is
 * `fused`, rows that live in a kernel's memory are gone through once instead of twice.
 */
export function overPredictions(
  lossAt: Problem["lossAt"],
  { fused, lossesAlong }: LossKernels = {},
): Pick<Problem, "lossAndGradient" | "lineSearchTerms"> & Required<Pick<Problem, "batchedSums">> {
  return {
    lossAndGradient({ rows, targets, weights: rowWeights }, weights, gradient) {
      if (fused !== undefined && rowWeights === undefined) {
        const sum = lossAndGradientFused(fused, { rows, targets }, weights, gradient);
        if (sum !== null) return sum;
      }
      const predictions = predictLinear(rows, weights, scratch.predictions);
      const slopes = scratch.slopes(predictions.length).fill(0);
      const loss = lossAt(predictions, targets, slopes, rowWeights);
      for (let output = 0; output * rows.columns < weights.length; output++) {
        addTransposed(
          rows,
          blockOf(slopes, output, rows.rows),
          blockOf(gradient, output, rows.columns),
        );
      }
      return loss;
    },
    batchedSums: (crowd, weights, out) => batchedSums(lossAt, crowd, weights, out),
    lineSearchTerms({ rows, targets, weights: rowWeights }, weights, direction, steps) {
      const from = predictLinear(rows, weights);
      const change = predictLinear(rows, direction);
      const isPlain = rowWeights === undefined;
      const found = (isPlain && lossesAlong?.(from, change, targets, steps)) || null;
      if (found !== null) return found;
      const there = new Float64Array(from.length);
      return Float64Array.from(steps, (step) => {
        there.set(from);
        return lossAt(addScaled(there, step, change), targets, undefined, rowWeights);
      });
    },
  };
}

/** X w for every output: one block of rows after another. */
export function predictLinear(
  rows: Rows,
  weights: Float32Array | Float64Array,
  room: (length: number) => Float64Array<ArrayBuffer> = (length) => new Float64Array(length),
): Float64Array<ArrayBuffer> {
  const outputs = weights.length / rows.columns;
  const predictions = room(outputs * rows.rows);
  if (outputs === 1) return multiply(rows, weights, predictions);
  for (let output = 0; output < outputs; output++) {
    const block = weights.subarray(output * rows.columns, (output + 1) * rows.columns);
    multiply(rows, block, blockOf(predictions, output, rows.rows));
  }
  return predictions;
}

/** The sum of losses of some examples at some weights, each row by its own. */
export function lossOf(
  problem: Pick<Problem, "lossAt">,
  { rows, targets, weights: rowWeights }: Examples,
  weights: Float32Array | Float64Array,
): number {
  return problem.lossAt(predictLinear(rows, weights), targets, undefined, rowWeights);
}

function blockOf(
  values: Float64Array<ArrayBuffer>,
  index: number,
  length: number,
): Float64Array<ArrayBuffer> {
  if (values.length === length) return values;
  return values.subarray(index * length, (index + 1) * length);
}
