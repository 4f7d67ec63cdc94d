import { addTransposed } from "../math/products.ts";
import type { Examples, Rows } from "../math/rows.ts";
import { predict } from "./linear.ts";
import type { Problem } from "./problem.ts";

/** The sums of a gradient's two parts over some rows. */
export interface ClippedSums {
  /** Of what depends on no row, once and not a row: free of privacy's cost. */
  readonly open: Float64Array<ArrayBuffer>;
  /** Of what each row adds, none of a norm above the clip. */
  readonly clipped: Float64Array<ArrayBuffer>;
}

/**
 * The gradient's sum with each row's part clipped to norm `clip`. Over linear predictions a row's
 * gradient is its slopes times its features, so its norm is the product of theirs, and no gradient
 * is formed. What is not finite counts nothing.
 */
export function clippedSums(
  problem: Problem,
  examples: Examples,
  weights: Float64Array<ArrayBuffer>,
  clip: number,
): ClippedSums {
  const sums = {
    open: new Float64Array(weights.length),
    clipped: new Float64Array(weights.length),
  };
  if (problem.addApart !== undefined) {
    problem.addApart(examples, weights, clip, sums);
    return sums;
  }
  const { rows, targets } = examples;
  const predictions = predict(rows, weights);
  const slopes = new Float64Array(predictions.length);
  problem.lossAt(predictions, targets, slopes);
  const lengths = rowLengths(rows);
  const outputs = weights.length / rows.columns;
  for (let row = 0; row < rows.rows; row++) {
    let squares = 0;
    for (let output = 0; output < outputs; output++)
      squares += slopes[output * rows.rows + row]! ** 2;
    const length = lengths[row]! * Math.sqrt(squares);
    // A little less, so that rounding cannot carry a row over the norm.
    const factor = length > clip ? (clip / length) * (1 - 2 ** -48) : 1;
    for (let output = 0; output < outputs; output++) {
      const at = output * rows.rows + row;
      slopes[at] = Number.isFinite(length) ? slopes[at]! * factor : 0;
    }
  }
  for (let output = 0; output < outputs; output++) {
    addTransposed(
      finiteRows(rows, lengths),
      slopes.subarray(output * rows.rows, (output + 1) * rows.rows),
      sums.clipped.subarray(output * rows.columns, (output + 1) * rows.columns),
    );
  }
  return sums;
}

function rowLengths(rows: Rows): Float64Array {
  const lengths = new Float64Array(rows.rows);
  for (let row = 0; row < rows.rows; row++) {
    const [from, to] =
      rows.kind === "dense"
        ? [row * rows.columns, (row + 1) * rows.columns]
        : [rows.offsets[row]!, rows.offsets[row + 1]!];
    let squares = 0;
    for (let at = from; at < to; at++) squares += rows.values[at]! ** 2;
    lengths[row] = Math.sqrt(squares);
  }
  return lengths;
}

/** A row that holds what is no number must not show: 0 times infinity is none either. */
function finiteRows(rows: Rows, lengths: Float64Array): Rows {
  if (lengths.every(Number.isFinite)) return rows;
  return { ...rows, values: rows.values.map((value) => (Number.isFinite(value) ? value : 0)) };
}
