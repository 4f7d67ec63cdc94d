import { addScaled } from "../../../math/vector.ts";
import { penalty, type WeightShape } from "../../../problems/penalty.ts";
import type { Problem } from "../../../problems/problem.ts";

/** Steps that a search over a loss that is not quadratic tries, as multiples of the first guess. */
const multiples = [0, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];

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

/**
 * How far to go. Quadratic: -backOff d'g / (d'Hd + l2 d'd), the exact minimum along d of the two
 * quorums' estimates; the back-off keeps it a descent when the second quorum's curvature is not
 * the first one's. Otherwise the trial step of least objective.
 */
export function chooseStep(
  problem: Problem,
  shape: WeightShape,
  { direction, measured, slope, steps, weights }: Measured,
  backOff: number,
): number {
  if (problem.mixable) {
    const curvature = measured[0]! + 2 * penalty({ l2: problem.l2, l1: 0 }, direction, shape);
    return curvature > 0 ? (-backOff * slope) / curvature : 0;
  }
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [i, step] of steps.entries()) {
    const there = addScaled(Float64Array.from(weights), step, direction);
    const objective = measured[i]! + penalty(problem, there, shape);
    if (objective < least) {
      least = objective;
      best = i;
    }
  }
  return refined(steps, measured, best, (step) =>
    penalty(problem, addScaled(Float64Array.from(weights), step, direction), shape),
  );
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
