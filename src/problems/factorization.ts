import * as z from "zod";
import { define } from "../core/registry.ts";
import type { Examples, Rows } from "../math/rows.ts";
import { addScaled } from "../math/vector.ts";
import { halfSquares, leastSquares } from "./penalised-least-squares.ts";
import type { Problem } from "./problem.ts";

/**
 * Ratings of items by users: r ~ x_i'y_j + u_i + v_j + b. A row has a one for its user and a one
 * for its item, so this is the factorization machine of order two: its prediction is the sum of
 * biases plus the products of factors over every pair of its entries. Weights are rank + 1 blocks
 * of columns: the biases (b last, where there is an intercept), then one block a coordinate of the
 * factors. F = (1/n) sum of (1/2)(r - prediction)^2 + (l2/2)(|X|^2 + |Y|^2 + |u|^2 + |v|^2).
 */
export const factorization = define({
  name: "factorization",
  summary: "matrix factorization: ratings as factors of user and item, with biases",
  reference:
    "Koren, Bell, Volinsky, Computer 42(8), 2009; as a sum over pairs: Rendle, ICDM 2010; " +
    "under encoding: Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019: matrix factorization",
  options: {
    rank: z.int().min(1).max(1_000).default(10).describe("numbers in a factor"),
    l2: z
      .number()
      .min(0)
      .default(0.0001)
      .describe(
        "the penalty's factor beside the mean of half squared errors: lambda over the number of " +
          "ratings, where lambda stands beside their sum; b is free",
      ),
    base: z
      .number()
      .optional()
      .describe("b, what every rating starts from; the mean of the training ratings if absent"),
  },
  examples: [{}, { rank: 2, l2: 0.01, base: 3 }],
  create: ({ rank, l2, base }): Problem => ({
    ...leastSquares({ l1: 0, l2 }),
    isQuadratic: false,
    pairs: { rank, base: base ?? null },
    weightsLength: (columns) => (rank + 1) * columns,
    predict: predictPairs,
    lossAndGradient: addPairGradient,
    lineSearchTerms: ({ rows, targets }, weights, direction, steps) =>
      Float64Array.from(steps, (step) => {
        const there = addScaled(Float64Array.from(weights), step, direction);
        return halfSquares(predictPairs(rows, there), targets);
      }),
    /** Of fourth order in the weights: there is no bound. */
    smoothness: () => Number.POSITIVE_INFINITY,
    tally: ({ rows, targets }, weights) => tallyOf(predictPairs(rows, weights), targets),
  }),
});

type Weights = Float32Array | Float64Array;

/** sum of w_a x_a + sum over pairs a < b of (v_a'v_b) x_a x_b, a number a row. */
export function predictPairs(rows: Rows, weights: Weights): Float64Array<ArrayBuffer> {
  const predictions = new Float64Array(rows.rows);
  for (let row = 0; row < rows.rows; row++) {
    for (let block = 0; block < weights.length; block += rows.columns) {
      const { sum, squares } = blockSums(rows, row, weights, block);
      predictions[row]! += block === 0 ? sum : (sum * sum - squares) / 2;
    }
  }
  return predictions;
}

function addPairGradient(
  { rows, targets }: Examples,
  weights: Float32Array,
  gradient: Float64Array<ArrayBuffer>,
): number {
  const errors = predictPairs(rows, weights);
  const loss = halfSquares(errors.slice(), targets, errors);
  for (let row = 0; row < rows.rows; row++) {
    for (let block = 0; block < weights.length; block += rows.columns) {
      const { sum } = blockSums(rows, row, weights, block);
      eachEntry(rows, row, (column, value) => {
        const by = block === 0 ? value : value * (sum - weights[block + column]! * value);
        gradient[block + column]! += errors[row]! * by;
      });
    }
  }
  return loss;
}

/** As least squares tallies: count, squared and absolute errors, targets and their squares. */
function tallyOf(predictions: Float64Array, targets: Float32Array): Float64Array {
  const tally = new Float64Array(5);
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i]!;
    const error = predictions[i]! - target;
    tally[0]! += 1;
    tally[1]! += error * error;
    tally[2]! += Math.abs(error);
    tally[3]! += target;
    tally[4]! += target * target;
  }
  return tally;
}

/** The sum of one block's weights over a row's entries, and of their squares. */
function blockSums(
  rows: Rows,
  row: number,
  weights: Weights,
  block: number,
): { sum: number; squares: number } {
  let sum = 0;
  let squares = 0;
  const isSparse = rows.kind === "sparse";
  const from = isSparse ? rows.offsets[row]! : row * rows.columns;
  const end = isSparse ? rows.offsets[row + 1]! : from + rows.columns;
  for (let at = from; at < end; at++) {
    const column = isSparse ? rows.indices[at]! : at - from;
    const term = weights[block + column]! * rows.values[at]!;
    sum += term;
    squares += term * term;
  }
  return { sum, squares };
}

function eachEntry(rows: Rows, row: number, visit: (column: number, value: number) => void): void {
  const isSparse = rows.kind === "sparse";
  const from = isSparse ? rows.offsets[row]! : row * rows.columns;
  const end = isSparse ? rows.offsets[row + 1]! : from + rows.columns;
  for (let at = from; at < end; at++)
    visit(isSparse ? rows.indices[at]! : at - from, rows.values[at]!);
}
