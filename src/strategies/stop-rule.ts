import type { Prepared } from "../data/manifests.ts";
import type { Problem } from "../problems/problem.ts";
import type { RunSpec } from "../spec/run-spec.ts";

/**
 * When training is where it should be, by the gradient at the weights alone: where it began says
 * nothing.
 */
export interface StopRule {
  /** `stop.tolerance`. */
  readonly tolerance: number;
  /** A loss's second derivative by its prediction at most; null where that is not linear. */
  readonly steepness: number | null;
  /** A loss below this one counts as so large: float32 tells no more of a smaller one. */
  readonly lossLeast: number;
}

/** Of the loss of predicting one number for all rows: below it, differences are rounding. */
const perfectShare = 0.01;

export function stopRuleOf({
  spec,
  problem,
  prepared,
}: {
  readonly spec: Pick<RunSpec, "stop">;
  readonly problem: Problem;
  readonly prepared: Pick<Prepared, "preparation" | "targetMean" | "targetVariance">;
}): StopRule {
  const { targetMean, targetVariance, preparation } = prepared;
  const classes = preparation.target.classes?.length;
  const spread = targetVariance + (preparation.intercept ? 0 : targetMean ** 2);
  const constant = classes === undefined ? spread / 2 : Math.log(Math.max(2, classes));
  const isLinear = problem.predict === undefined && problem.parameters === undefined;
  const steepness = problem.smoothness(1);
  return {
    tolerance: spec.stop.tolerance,
    steepness: isLinear && Number.isFinite(steepness) ? steepness : null,
    lossLeast: perfectShare * constant,
  };
}

/**
 * What is left to go, from the gradient's norm and the objective at one point. A loss l of slope s
 * and steepness L has s^2 <= 2 L l, so over standardised features no part of the gradient of a mean
 * loss l is above sqrt(2 L l), whatever the weights: the norm is told as a part of that. Where
 * predictions are not linear, it is told as a part of the objective, which is that much steeper
 * than it is high.
 */
export function slopeLeft(rule: StopRule, gradientNorm: number, objective: number): number {
  if (gradientNorm === 0) return 0;
  const height = Math.max(objective, rule.lossLeast);
  if (rule.steepness === null) return gradientNorm / height;
  return gradientNorm / Math.sqrt(2 * rule.steepness * height);
}

/** The rule ends training at what is left. */
export function isSettled(rule: StopRule, left: number): boolean {
  return left <= rule.tolerance;
}
