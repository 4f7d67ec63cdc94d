import type { Step } from "../../engine/strategy.ts";
import { denseGradient, squaredNorm } from "../../math/slices/gradient-part.ts";
import { writePresent } from "../../math/slices/present.ts";
import type { Memory, Stepper } from "../../optimizers/optimizer.ts";
import { averageStatsByParts, withoutRunningStats } from "../../problems/running-stats.ts";
import { estimateParts, type PartsMean, rowShareOf } from "../../quorum/decode.ts";
import { tableTraffic } from "../../quorum/table-traffic.ts";
import { afterGradient, roundEventOf } from "./gradient-outcome.ts";
import { type NextPoint, nextRound, type RoundsPlan, type RoundsState } from "./state.ts";

/**
 * A step along a gradient that is told tensor by tensor: the numbers are those of a dense one, and
 * what it takes is what was told, where the optimizer moves nothing else.
 */
export function takeSlicedStep(
  plan: RoundsPlan,
  optimizer: Stepper,
  state: RoundsState,
  slots: readonly number[],
  atMs: number,
): Step<RoundsState> | null {
  const { problem, shares } = plan;
  const tensors = problem.parameters!;
  const { replies } = state.quorum;
  const mean = estimateParts(shares, replies, slots, tensors);
  if (mean === null) return null;
  const smoothness = problem.smoothness(plan.largestEigenvalue) + problem.l2;
  const share = rowShareOf(shares, slots);
  const stepSize = optimizer.stepSize({ smoothness, share, round: state.round });
  const gradient = withoutRunningStats(problem, mean.parts);
  const { memory, ...destination } = moved(plan, optimizer, state, gradient, stepSize);
  const asked = state.ahead ?? state.weights;
  for (const there of [destination.weights, destination.ahead ?? null])
    if (there !== null) averageStatsByParts(problem, asked, mean.parts, there);
  const size = Math.sqrt(squaredNorm(gradient));
  const next = afterGradient(plan, { ...state, memory }, size, false);
  const coefficients = optimizer.learned?.(memory);
  const event = {
    ...roundEventOf(plan, state, { slots, mean, isExact: false }, size),
    atMs,
    stepSize,
    ...(coefficients === undefined ? {} : { coefficients }),
    tables: tableTraffic(replies, slots, tensors, mean.parts, optimizer.movesAll),
  };
  return nextRound(plan, next, destination, event, { weights: asked, gradients: replies });
}

/** Moves what the gradient tells of, or all weights where others move too. */
function moved(
  plan: RoundsPlan,
  optimizer: Stepper,
  { weights, ahead, memory }: RoundsState,
  parts: PartsMean["parts"],
  stepSize: number,
): NextPoint & { readonly memory: Memory } {
  const pieces = plan.problem.parameters!;
  const byParts = optimizer.moveParts?.(memory, { weights, parts, stepSize, pieces }) ?? null;
  if (byParts !== null) {
    const next = weights.slice();
    writePresent(next, byParts.parts, pieces);
    return { memory: byParts.memory, weights: next, ahead: null };
  }
  const gradient = denseGradient(parts, pieces);
  const shrink = (point: Float64Array<ArrayBuffer>) => point;
  const asked = ahead ?? weights;
  const all = optimizer.move(memory, { weights, asked, gradient, stepSize, pieces, shrink });
  return {
    memory: all.memory,
    weights: Float32Array.from(all.weights),
    ahead: all.ask === null ? null : Float32Array.from(all.ask),
  };
}
