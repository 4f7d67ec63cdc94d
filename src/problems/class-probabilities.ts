import type { Problem } from "./problem.ts";

/**
 * The chance of every class as predictions have it, both one block of rows after another; null
 * where predictions say nothing of chances. One output stands for the second of two classes.
 */
export function classProbabilities(
  { link }: Pick<Problem, "link">,
  predictions: Float64Array,
  rows: number,
): Float64Array<ArrayBuffer> | null {
  if (link === undefined) return null;
  return link === "sigmoid" ? ofTwo(predictions) : ofSeveral(predictions, rows);
}

/** The class that row i is taken for: the largest prediction's, or of two by the margin's sign. */
export function classAt(predictions: Float64Array, rows: number, i: number): number {
  if (predictions.length === rows) return predictions[i]! > 0 ? 1 : 0;
  let best = i;
  for (let at = i + rows; at < predictions.length; at += rows)
    if (predictions[at]! > predictions[best]!) best = at;
  return (best - i) / rows;
}

function ofTwo(margins: Float64Array): Float64Array<ArrayBuffer> {
  const rows = margins.length;
  const chances = new Float64Array(2 * rows);
  for (let i = 0; i < rows; i++) chances[i] = 1 / (1 + Math.exp(margins[i]!));
  chances.set(chancesOfSecond(margins), rows);
  return chances;
}

/** The chance of the second of two classes by each row's margin. */
export function chancesOfSecond(margins: Float64Array): Float64Array<ArrayBuffer> {
  const chances = new Float64Array(margins.length);
  for (let i = 0; i < margins.length; i++) chances[i] = 1 / (1 + Math.exp(-margins[i]!));
  return chances;
}

function ofSeveral(predictions: Float64Array, rows: number): Float64Array<ArrayBuffer> {
  const chances = new Float64Array(predictions.length);
  for (let i = 0; i < rows; i++) {
    const largest = predictions[i + classAt(predictions, rows, i) * rows]!;
    let sum = 0;
    for (let at = i; at < predictions.length; at += rows)
      sum += chances[at] = Math.exp(predictions[at]! - largest);
    for (let at = i; at < predictions.length; at += rows) chances[at]! /= sum;
  }
  return chances;
}
