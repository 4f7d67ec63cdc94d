import { addScaled } from "../../math/vector.ts";
import { penalty, type WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";

/** Steps that a search over a loss that is not quadratic tries, as multiples of the first guess. */
const multiples = [0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];

/** From one row of trials to the next: the largest of one is the smallest of the other. */
export const reach = 512;

/** A part of an objective that its sum's own rounding does not make. */
export const visible = 4 * Number.EPSILON;

export function trialSteps(guess: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(multiples, (multiple) => multiple * guess);
}

interface Measured {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly direction: Float32Array<ArrayBuffer>;
  readonly steps: Float64Array<ArrayBuffer>;
  /** d'g, penalty included. */
  readonly slope: number;
  /** Mean over the data as the second quorum estimates it: see `Problem.along`. */
  readonly measured: Float64Array<ArrayBuffer>;
}

/** How far to go, or which steps to try first. */
export type StepChoice =
  | { readonly kind: "step"; readonly size: number }
  | { readonly kind: "try"; readonly steps: Float64Array<ArrayBuffer> }
  | { readonly kind: "none"; readonly reason: string };

/**
 * How far to go. Quadratic: -backOff d'g / (d'Hd + l2 d'd), the exact minimum along d of the two
 * quorums' estimates; the back-off keeps it a descent when the second quorum's curvature is not
 * the first one's. Otherwise the trial step of least objective; where the shortest is too long
 * already, or while `isUnscaled` the longest too short, others are to be tried.
 */
export function chooseStep(
  problem: Problem,
  shape: WeightShape,
  { direction, measured, slope, steps, weights }: Measured,
  { backOff, isUnscaled }: { readonly backOff: number; readonly isUnscaled: boolean },
): StepChoice {
  if (problem.isQuadratic) {
    const curvature = measured[0]! + 2 * penalty({ l2: problem.l2, l1: 0 }, direction, shape);
    if (curvature > 0) return { kind: "step", size: (-backOff * slope) / curvature };
    return { kind: "none", reason: "the loss has no curvature along the direction" };
  }
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, step] of steps.entries()) {
    const there = addScaled(Float64Array.from(weights), step, direction);
    const objective = measured[i]! + penalty(problem, there, shape);
    // What rounding alone may have made less is no descent.
    if (i > 0 && !(objective < least)) continue;
    least = i > 0 ? objective : objective - visible * Math.abs(objective);
    best = i;
  }
  const [shortest, longest] = [steps[1]!, steps.at(-1)!];
  if (best === 0 && shortest > 0) return { kind: "try", steps: steps.map((step) => step / reach) };
  if (isUnscaled && best === steps.length - 1 && Number.isFinite(longest * reach))
    return { kind: "try", steps: steps.map((step) => step * reach) };
  const size = refined(steps, measured, best, (step) =>
    penalty(problem, addScaled(Float64Array.from(weights), step, direction), shape),
  );
  return { kind: "step", size };
}

/** The minimum of the parabola through the best trial and its neighbours, where it has one. */
function refined(
  steps: Float64Array<ArrayBuffer>,
  losses: Float64Array<ArrayBuffer>,
  best: number,
  penaltyAt: (step: number) => number,
): number {
  if (best === 0 || best === steps.length - 1) return steps[best]!;
  const [a, b, c] = [steps[best - 1]!, steps[best]!, steps[best + 1]!];
  const [fa, fb, fc] = [-1, 0, 1].map((i) => losses[best + i]! + penaltyAt(steps[best + i]!));
  const left = (b - a) * (fb! - fc!);
  const right = (b - c) * (fb! - fa!);
  const below = 2 * (left - right);
  if (!(Math.abs(below) > 0)) return b;
  const vertex = b - ((b - a) * left - (b - c) * right) / below;
  return vertex > a && vertex < c ? vertex : b;
}
