import type { SlotMap } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { denseGradient, squaredNorm } from "../../math/slices/gradient-part.ts";
import { joinPresent, splitPresent, writePresent } from "../../math/slices/present.ts";
import { norm as lengthOf, type TensorSpec } from "../../math/vector.ts";
import type { Memory, Stepper } from "../../optimizers/optimizer.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { addPenaltyGradient } from "../../problems/penalty.ts";
import { averageStatsByParts, withoutRunningStats } from "../../problems/running-stats.ts";
import { estimateParts, type PartsMean, rowShareOf } from "../../quorum/decode.ts";
import { tableTraffic } from "../../quorum/table-traffic.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import { afterGradient, roundEventOf } from "./gradient-outcome.ts";
import { scaledGradient } from "./scaling.ts";
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
  const { replies } = state.quorum;
  const mean = estimateParts(plan.shares, replies, slots, plan.problem.parameters!);
  if (mean === null) return null;
  const facts = { slots, replies, atMs };
  const { memory, destination, event } = partsStep(plan, optimizer, state, mean, facts);
  const next = afterGradient(plan, { ...state, memory }, event, false);
  const weights = state.ahead ?? state.weights;
  return nextRound(plan, next, destination, event, { weights, gradients: replies });
}

/** What a step moves from. */
type Position = Pick<RoundsState, "round" | "startedMs" | "weights" | "ahead" | "memory">;

interface PartsStep {
  readonly memory: Memory;
  readonly destination: NextPoint;
  readonly event: RoundEvent;
}

/** One step along a mean that is told tensor by tensor; losses without an l1 penalty. */
export function partsStep(
  plan: RoundsPlan,
  optimizer: Stepper,
  state: Position,
  mean: PartsMean,
  told: {
    readonly slots: readonly number[];
    readonly replies: SlotMap<WorkerReply>;
    readonly atMs: number;
  },
): PartsStep {
  const { problem, shares } = plan;
  const { slots, replies, atMs } = told;
  const tensors = problem.parameters ?? [{ name: "weights", shape: [plan.weightsLength] }];
  const smoothness = problem.smoothness(plan.largestEigenvalue) + problem.l2;
  const share = rowShareOf(shares, slots);
  const stepSize = optimizer.stepSize({ smoothness, share, round: state.round });
  const asked = state.ahead ?? state.weights;
  const gradient = penalised(plan, asked, withoutRunningStats(problem, mean.parts));
  const { memory, ...destination } = moved(optimizer, state, gradient, stepSize, tensors);
  for (const there of [destination.weights, destination.ahead ?? null])
    if (there !== null) averageStatsByParts(problem, asked, mean.parts, there);
  const size = sizeOf(plan, gradient, tensors);
  const coefficients = optimizer.learned?.(memory);
  const tables = tableTraffic(replies, slots, tensors, mean.parts, optimizer.movesAll);
  const event = {
    ...roundEventOf(plan, state, { slots, mean, isExact: false }, size),
    atMs,
    stepSize,
    ...(coefficients === undefined ? {} : { coefficients }),
    ...(tables.length === 0 ? {} : { tables }),
  };
  return { memory, destination, event };
}

/** Norms of the gradient; features' units count where there are any. */
function sizeOf(
  { units = null }: RoundsPlan,
  gradient: PartsMean["parts"],
  tensors: readonly TensorSpec[],
) {
  const norm = Math.sqrt(squaredNorm(gradient));
  if (units === null) return { norm, standardised: norm };
  return { norm, standardised: lengthOf(scaledGradient(units, denseGradient(gradient, tensors))) };
}

/** With the l2 penalty's gradient, which all weights have. */
function penalised(
  { problem, shape }: RoundsPlan,
  weights: Float32Array,
  parts: PartsMean["parts"],
): PartsMean["parts"] {
  if (problem.l2 === 0) return parts;
  const values = joinPresent(parts);
  addPenaltyGradient(problem.l2, weights, shape, values);
  return splitPresent(values, parts);
}

/** Moves what the gradient tells of, or all weights where others move too. */
function moved(
  optimizer: Stepper,
  { weights, ahead, memory }: Position,
  parts: PartsMean["parts"],
  stepSize: number,
  tensors: readonly TensorSpec[],
): NextPoint & { readonly memory: Memory } {
  const byParts = optimizer.moveParts?.(memory, { weights, parts, stepSize, tensors }) ?? null;
  if (byParts !== null) {
    const next = weights.slice();
    writePresent(next, byParts.parts, tensors);
    return { memory: byParts.memory, weights: next, ahead: null };
  }
  const gradient = denseGradient(parts, tensors);
  const shrink = (point: Float64Array<ArrayBuffer>) => point;
  const asked = ahead ?? weights;
  const all = optimizer.move(memory, { weights, asked, gradient, stepSize, tensors, shrink });
  return {
    memory: all.memory,
    weights: Float32Array.from(all.weights),
    ahead: all.ask === null ? null : Float32Array.from(all.ask),
  };
}
