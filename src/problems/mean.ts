import * as z from "zod";
import { define } from "../core/registry.ts";
import type { Examples, Rows } from "../math/rows.ts";
import { clipFactor } from "../math/vector.ts";
import type { Problem } from "./problem.ts";

/**
 * The mean of the rows' features: F(w) = (1/n) sum of (1/2) |w - x_k|^2. What a row adds to the
 * gradient is told from a public centre c: (w - c) - (x_k - c), and only the second part, which
 * does not depend on w, is clipped.
 */
export const mean = define({
  name: "mean",
  summary: "the mean of the features, which nothing predicts; the target is not used",
  options: {
    centre: z
      .number()
      .default(0)
      .describe("what rows are measured from where they are clipped, in every feature; public"),
  },
  examples: [{}, { centre: 0.5 }],
  create: ({ centre }): Problem => ({
    target: "numbers",
    classesMax: 0,
    isQuadratic: false,
    l2: 0,
    l1: 0,
    weightsLength: (columns) => columns,
    predictsNothing: true,
    predict: halfSquaredDistances,
    lossAt: sumOf,
    lossAndGradient({ rows }, weights, gradient) {
      for (let j = 0; j < gradient.length; j++) gradient[j]! += rows.rows * weights[j]!;
      eachEntry(rows, (_row, column, value) => {
        gradient[column]! -= value;
      });
      return sumOf(halfSquaredDistances(rows, weights));
    },
    lineSearchTerms: ({ rows }, weights, direction, steps) =>
      Float64Array.from(steps, (step) => {
        const there = Float64Array.from(weights, (weight, j) => weight + step * direction[j]!);
        return sumOf(halfSquaredDistances(rows, there));
      }),
    smoothness: () => 1,
    tally: ({ rows }, weights) =>
      Float64Array.of(rows.rows, 2 * sumOf(halfSquaredDistances(rows, weights))),
    metrics(tally) {
      const [count, squares] = tally as unknown as [number, number];
      return { meanLoss: squares / count / 2, metrics: { rmse: Math.sqrt(squares / count) } };
    },
    addClippedGradient: (examples, weights, clip, gradient) =>
      addClippedRows(examples, weights, clip, centre, gradient),
  }),
});

function addClippedRows(
  { rows }: Examples,
  weights: Float64Array,
  clip: number,
  centre: number,
  { open, clipped }: { open: Float64Array; clipped: Float64Array },
): void {
  const columns = rows.columns;
  const row = new Float64Array(columns);
  const dense = new Float64Array(rows.rows * columns);
  eachEntry(rows, (at, column, value) => {
    dense[at * columns + column] = value;
  });
  for (let j = 0; j < columns; j++) open[j]! += weights[j]! - centre;
  for (let at = 0; at < rows.rows; at++) {
    let squares = 0;
    for (let j = 0; j < columns; j++) {
      const part = centre - dense[at * columns + j]!;
      row[j] = Number.isFinite(part) ? part : 0;
      squares += row[j]! ** 2;
    }
    const factor = clipFactor(Math.sqrt(squares), columns, clip);
    for (let j = 0; j < columns; j++) clipped[j]! += factor * row[j]!;
  }
}

function halfSquaredDistances(
  rows: Rows,
  weights: Float32Array | Float64Array,
): Float64Array<ArrayBuffer> {
  let own = 0;
  for (const weight of weights) own += weight * weight;
  const distances = new Float64Array(rows.rows).fill(own / 2);
  eachEntry(rows, (row, column, value) => {
    distances[row]! += value * (value / 2 - weights[column]!);
  });
  return distances;
}

/** The sum; the slope of each is one. */
function sumOf(values: Float64Array, _targets?: Float32Array, slopes?: Float64Array): number {
  slopes?.fill(1);
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function eachEntry(rows: Rows, visit: (row: number, column: number, value: number) => void): void {
  for (let row = 0; row < rows.rows; row++) {
    if (rows.kind === "dense") {
      const from = row * rows.columns;
      for (let j = 0; j < rows.columns; j++) visit(row, j, rows.values[from + j]!);
      continue;
    }
    for (let at = rows.offsets[row]!; at < rows.offsets[row + 1]!; at++)
      visit(row, rows.indices[at]!, rows.values[at]!);
  }
}
