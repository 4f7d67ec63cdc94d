import type { Examples } from "../math/rows.ts";
import { clipToNorm } from "../math/vector.ts";
import { clippedGradientParts } from "../problems/clipped-gradients.ts";
import { addPenaltyGradient } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { project, type Region } from "./projection-region.ts";

/** What a node's step depends on besides its rows and the messages: all of it public. */
export interface StepRule {
  readonly step: number;
  readonly clip: number;
  /** What the sum of clipped gradients is divided by; never the realised count. */
  readonly divisor: number;
  readonly region: Region;
  readonly intercept: boolean;
}

/** z = sum of the weights times messages: the node's own noised message among them. */
export function mixed(
  weights: Float64Array,
  messages: readonly Float64Array[],
): Float64Array<ArrayBuffer> {
  const z = new Float64Array(messages[0]!.length);
  for (const [k, message] of messages.entries())
    for (let j = 0; j < z.length; j++) z[j]! += weights[k]! * message[j]!;
  return z;
}

/**
 * x(t+1) = P[w - step g(w)], w = P[z]: a function of released messages and the node's own rows
 * alone. The part of g that knows rows is a mean of clipped gradients whose norm is at most `clip`,
 * whatever the rows are and however many.
 */
export function nextState(
  problem: Problem,
  examples: Examples,
  z: Float64Array<ArrayBuffer>,
  { step, clip, divisor, region, intercept }: StepRule,
): Float64Array<ArrayBuffer> {
  const w = project(region, z.slice());
  const { open, clipped } = clippedGradientParts(problem, examples, w, clip);
  for (let j = 0; j < clipped.length; j++) clipped[j]! /= divisor;
  clipToNorm(clipped, clip);
  addPenaltyGradient(problem.l2, w, { columns: examples.rows.columns, intercept }, open);
  const x = w.slice();
  for (let j = 0; j < x.length; j++) x[j]! -= step * (open[j]! + clipped[j]!);
  return project(region, x);
}
