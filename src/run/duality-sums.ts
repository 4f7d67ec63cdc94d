import { scratchArray } from "../math/vector.ts";
import type { Problem } from "../problems/problem.ts";

/** A part's predictions, a block of rows an output, and what they should have been. */
export interface Predicted {
  readonly predictions: Float64Array<ArrayBuffer>;
  readonly targets: Float32Array;
  /** What rows count, where that is not 1. */
  readonly weights: Float32Array | undefined;
  readonly slopes: Float64Array<ArrayBuffer>;
  readonly loss: number;
}

const scratch = scratchArray();

/** Over all rows. */
export interface Sums {
  /** Of losses. */
  readonly loss: number;
  /** Of slopes times predictions; of predictions squared, each as often as its row counts. */
  readonly slopesTimesPredictions: number;
  readonly predictionSquares: number;
}

/** In the order of parts and rows. */
export function sumsOf(kept: readonly Predicted[]): Sums {
  let [loss, slopesTimesPredictions, predictionSquares] = [0, 0, 0];
  for (const part of kept) {
    loss += part.loss;
    slopesTimesPredictions = addedProducts(slopesTimesPredictions, part.slopes, part.predictions);
    predictionSquares += squaresOf(part);
  }
  return { loss, slopesTimesPredictions, predictionSquares };
}

function addedProducts(sum: number, a: Float64Array, b: Float64Array): number {
  let total = sum;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

function squaresOf({ predictions, targets: { length }, weights }: Predicted): number {
  if (weights === undefined) return addedProducts(0, predictions, predictions);
  let total = 0;
  for (let i = 0; i < predictions.length; i++) total += weights[i % length]! * predictions[i]! ** 2;
  return total;
}

/**
 * What losses add up to at most where every prediction is zero: they curve so much at most on the
 * way there. Spares a pass over the rows where a model is far from perfect.
 */
export function mostAtZero(problem: Problem, sums: Sums): number {
  const { loss, slopesTimesPredictions, predictionSquares } = sums;
  return loss - slopesTimesPredictions + (problem.smoothness(1) / 2) * predictionSquares;
}

/** What losses add up to where every prediction is zero. */
export function zeroLoss(problem: Problem, kept: readonly Predicted[]): number {
  let zero = 0;
  for (const { predictions, targets, weights } of kept) {
    const zeros = scratch(predictions.length).fill(0);
    zero += problem.lossAt(zeros, targets, undefined, weights);
  }
  return zero;
}

/** Of slopes squared, as the losses' conjugates are of them, and of slopes times targets. */
export function conjugateSums(kept: readonly Predicted[]): { squares: number; targets: number } {
  let [squares, targets] = [0, 0];
  for (const { targets: wanted, weights, slopes } of kept)
    for (let from = 0; from < slopes.length; from += wanted.length)
      for (let row = 0; row < wanted.length; row++) {
        const slope = slopes[from + row]!;
        const times = weights === undefined ? 1 : weights[row]!;
        // A row that counts nothing has no slope.
        if (times === 1) squares += slope * slope;
        else if (times > 0) squares += (slope * slope) / times;
        targets += slope * wanted[row]!;
      }
  return { squares, targets };
}
