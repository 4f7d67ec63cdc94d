import type { Step } from "../../engine/strategy.ts";
import { difference, norm, scaled } from "../../math/vector.ts";
import type { Standing, Stepper } from "../../optimizers/optimizer.ts";
import { softThreshold } from "../../problems/penalty.ts";
import { averageRunningStats } from "../../problems/running-stats.ts";
import { type Mean, rowShareOf } from "../../quorum/decode.ts";
import { lowestInMetric } from "./curvature-metric.ts";
import { afterGradient, roundEventOf } from "./gradient-outcome.ts";
import { scaledGradient } from "./scaling.ts";
import { nextRound, type Previous, type RoundsPlan, type RoundsState } from "./state.ts";

/** What a quorum of gradients says. */
export interface Sight {
  readonly slots: readonly number[];
  readonly mean: Mean;
  readonly heard: Previous;
  /** Loss and gradient are those of all data, not an estimate. */
  readonly isExact: boolean;
  readonly atMs: number;
}

/** Moves at once, along the gradient of the objective's smooth part. */
export function stepAtOnce(
  plan: RoundsPlan,
  optimizer: Stepper,
  state: RoundsState,
  sight: Sight,
  gradient: Float64Array<ArrayBuffer>,
): Step<RoundsState> {
  const { problem, shares } = plan;
  const { weights, memory } = state;
  const asked = state.ahead ?? weights;
  const share = rowShareOf(shares, sight.slots);
  const gram = optimizer.takesGram === true ? (plan.gram ?? null) : null;
  const found = gram === null ? null : lowestInMetric({ ...plan, gram }, asked, gradient, share);
  const smoothness = gram === null ? problem.smoothness(plan.largestEigenvalue) + problem.l2 : 1;
  const stepSize = optimizer.stepSize({ smoothness, share, round: state.round });
  const moved = optimizer.move(memory, {
    weights,
    asked,
    gradient,
    stepSize,
    tensors: problem.parameters,
    shrink: shrinkOf(plan),
    ...(found === null ? {} : { lowest: found.weights }),
  });
  const mapping = found?.mapping ?? mappingOf(plan, gradient, asked, moved.weights, stepSize);
  const standardised = norm(scaledGradient(plan.units ?? null, mapping));
  const told = roundEventOf(plan, state, sight, { norm: norm(mapping), standardised });
  const aimed = afterGradient(plan, { ...state, memory: moved.memory }, told, sight.isExact);
  const coefficients = optimizer.learned?.(moved.memory);
  const event = {
    ...told,
    atMs: sight.atMs,
    stepSize,
    ...(coefficients === undefined ? {} : { coefficients }),
  };
  const destination = {
    weights: Float32Array.from(moved.weights),
    ahead: moved.ask === null ? null : Float32Array.from(moved.ask),
  };
  for (const there of [destination.weights, destination.ahead])
    if (there !== null) averageRunningStats(problem, asked, sight.mean.values, there);
  return nextRound(plan, aimed, destination, event, sight.heard);
}

function shrinkOf({ problem, shape }: RoundsPlan): Standing["shrink"] {
  return (point, size) => softThreshold(problem.l1, size, shape, point);
}

/** Zero where no small step lowers the objective; the gradient itself where that is smooth. */
function mappingOf(
  plan: RoundsPlan,
  gradient: Float64Array<ArrayBuffer>,
  asked: Float32Array<ArrayBuffer>,
  moved: Float64Array<ArrayBuffer>,
  stepSize: number,
): Float64Array<ArrayBuffer> {
  if (plan.problem.l1 === 0) return gradient;
  return scaled(1 / stepSize, difference(asked, moved));
}
