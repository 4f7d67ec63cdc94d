import { randomFrom } from "../core/random.ts";
import { norm } from "../math/vector.ts";
import type { Memory, Standing, Stepper } from "../optimizers/optimizer.ts";
import { optimizers } from "../optimizers/registry.ts";
import type { RoundEvent } from "../ports/events.ts";
import { addPenaltyGradient, penalty, type WeightShape } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { averageRunningStats, clearRunningStats } from "../problems/running-stats.ts";
import type { Mean } from "../quorum/decode.ts";
import type { WaitPolicy } from "../quorum/wait-policies/policy.ts";
import type { StrategyContext } from "./definition.ts";
import { isSettled, type StopRule, slopeLeft, stopRuleOf } from "./stop-rule.ts";

/** What a strategy needs to know whose rounds end in a step on a smooth problem. */
export interface SteppedPlan {
  readonly problem: Problem;
  readonly optimizer: Stepper;
  /** L of the objective, where the optimizer needs it. */
  readonly smoothness: number;
  readonly shape: WeightShape;
  /** The weights to start from. */
  initial(): Float32Array<ArrayBuffer>;
  /** Rows of every slot. */
  readonly storedRows: readonly number[];
  readonly wait: WaitPolicy;
  readonly roundsMax: number;
  readonly stop: StopRule;
  readonly patienceMs: number;
}

export function steppedPlan(context: StrategyContext): SteppedPlan {
  const { spec, problem, wait, prepared, encoded, largestEigenvalue } = context;
  const { columns, preparation } = prepared;
  const length = problem.weightsLength(columns, preparation.target.classes?.length ?? 0);
  return {
    problem,
    optimizer: optimizers.create(spec.optimizer) as Stepper,
    smoothness: problem.smoothness(largestEigenvalue) + problem.l2,
    shape: { columns, intercept: preparation.intercept },
    initial: () =>
      problem.initial?.(randomFrom(spec.seed).fork("weights")) ?? new Float32Array(length),
    storedRows: encoded.slots.map(({ rows }) => rows),
    wait,
    roundsMax: spec.stop.rounds,
    stop: stopRuleOf(context),
    patienceMs: spec.stop.patience * 1000,
  };
}

/** The weights that a stepper moves. */
export interface SteppedWeights {
  readonly weights: Float32Array<ArrayBuffer>;
  /** Where the next gradient is asked; null for at the weights. */
  readonly ahead: Float32Array<ArrayBuffer> | null;
  readonly memory: Memory;
}

/** A state between two rounds, without the request that is open. */
export interface SteppedState extends SteppedWeights {
  readonly round: number;
  readonly startedMs: number;
  readonly finished: boolean;
}

export function startStepping({ optimizer, roundsMax, initial }: SteppedPlan): SteppedState {
  const start = { round: 0, startedMs: 0, weights: initial(), ahead: null };
  return { ...start, memory: optimizer.start(), finished: roundsMax === 0 };
}

/** The end of a round: a step along the mean of losses and gradients over so many rows. */
export function stepRound(
  plan: SteppedPlan,
  state: SteppedState,
  mean: Mean & { readonly rows: number },
  { counted, atMs }: { readonly counted: readonly number[]; readonly atMs: number },
): { readonly next: SteppedState; readonly event: RoundEvent } {
  const { problem, shape, optimizer, smoothness } = plan;
  const { round, startedMs } = state;
  const asked = state.ahead ?? state.weights;
  const gradient = mean.values.slice();
  addPenaltyGradient(problem.l2, asked, shape, gradient);
  clearRunningStats(problem, gradient);
  const share = mean.rows / plan.storedRows.reduce((sum, rows) => sum + rows, 0);
  const stepSize = optimizer.stepSize({ smoothness, share, round });
  const { learned, ...moved } = moveWeights(plan, state, gradient, stepSize);
  for (const there of [moved.weights, moved.ahead])
    if (there !== null) averageRunningStats(problem, asked, mean.values, there);
  const gradientNorm = norm(gradient);
  const objectiveEstimate = mean.loss + penalty(problem, asked, shape);
  const left = slopeLeft(plan.stop, gradientNorm, objectiveEstimate);
  const isLast = round + 1 >= plan.roundsMax || isSettled(plan.stop, left);
  const told = { round, startedMs, atMs, counted, objectiveEstimate, gradientNorm, stepSize };
  return {
    next: { ...moved, round: round + 1, startedMs: atMs, finished: isLast },
    event: { type: "round", ...told, slopeLeft: left, ...learned },
  };
}

/** Weights moved along a gradient of a smooth objective, and what the optimizer has learned. */
export function moveWeights(
  { problem, optimizer }: Pick<SteppedPlan, "problem" | "optimizer">,
  { weights, ahead, memory }: SteppedWeights,
  gradient: Float64Array<ArrayBuffer>,
  stepSize: number,
): SteppedWeights & { readonly learned: Pick<RoundEvent, "coefficients"> } {
  const tensors = problem.parameters;
  const shrink: Standing["shrink"] = (point) => point;
  const asked = ahead ?? weights;
  const moved = optimizer.move(memory, { weights, asked, gradient, stepSize, tensors, shrink });
  const coefficients = optimizer.learned?.(moved.memory);
  return {
    weights: Float32Array.from(moved.weights),
    ahead: moved.ask === null ? null : Float32Array.from(moved.ask),
    memory: moved.memory,
    learned: coefficients === undefined ? {} : { coefficients },
  };
}
