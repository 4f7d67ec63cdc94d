import type { Random } from "../core/random.ts";
import type { Examples, Rows } from "../math/rows.ts";
import { clipFactor } from "../math/vector.ts";
import { predictLinear } from "./linear.ts";
import type { Problem } from "./problem.ts";

/** The sums of a gradient's two parts over some rows. */
export interface ClippedGradientParts {
  /** Of what depends on no row, once and not a row: free of privacy's cost. */
  readonly open: Float64Array<ArrayBuffer>;
  /** Of what each row adds, none of a norm above the clip. */
  readonly clipped: Float64Array<ArrayBuffer>;
}

/**
 * The gradient's sum with each row's part clipped to norm `clip`. Over linear predictions a row's
 * gradient is its slopes times its features, so its norm is the product of theirs, and no gradient
 * is formed. What is not finite counts nothing. Sums are plain ones of doubles, row by row: the
 * quicker kernels' rounding, of n rows together, could move neighbours further apart than the clip.
 */
export function clippedGradientParts(
  problem: Problem,
  examples: Examples,
  weights: Float64Array<ArrayBuffer>,
  clip: number,
  random?: Random,
): ClippedGradientParts {
  const sums = {
    open: new Float64Array(weights.length),
    clipped: new Float64Array(weights.length),
  };
  if (problem.addClippedGradient !== undefined) {
    problem.addClippedGradient(examples, weights, clip, sums, random);
    return sums;
  }
  const { rows, targets } = examples;
  const predictions = predictLinear(rows, weights);
  const slopes = new Float64Array(predictions.length);
  problem.lossAt(predictions, targets, slopes);
  const outputs = weights.length / rows.columns;
  for (let row = 0; row < rows.rows; row++) {
    let squares = 0;
    for (let output = 0; output < outputs; output++)
      squares += slopes[output * rows.rows + row]! ** 2;
    const length = rowLength(rows, row) * Math.sqrt(squares);
    const factor = clipFactor(length, rows.columns + outputs, clip);
    if (factor === 0) continue;
    for (let output = 0; output < outputs; output++) {
      const slope = slopes[output * rows.rows + row]! * factor;
      if (slope !== 0) addRow(rows, row, slope, sums.clipped, output * rows.columns);
    }
  }
  return sums;
}

function rowLength(rows: Rows, row: number): number {
  const [from, to] = entriesOf(rows, row);
  let squares = 0;
  for (let at = from; at < to; at++) squares += rows.values[at]! ** 2;
  return Math.sqrt(squares);
}

function addRow(rows: Rows, row: number, factor: number, out: Float64Array, from: number): void {
  const { values } = rows;
  const [begin, end] = entriesOf(rows, row);
  if (rows.kind === "dense") {
    for (let at = begin; at < end; at++) out[from + at - begin]! += values[at]! * factor;
    return;
  }
  const { indices } = rows;
  for (let at = begin; at < end; at++) out[from + indices[at]!]! += values[at]! * factor;
}

/** Where a row's entries begin and end. */
function entriesOf(rows: Rows, row: number): [number, number] {
  return rows.kind === "dense"
    ? [row * rows.columns, (row + 1) * rows.columns]
    : [rows.offsets[row]!, rows.offsets[row + 1]!];
}
