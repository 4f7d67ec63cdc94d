import type { SlotMap } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import type { GradientForm } from "../../math/slices/sliced-gradient.ts";
import type { Memory, Optimizer } from "../../optimizers/optimizer.ts";
import type { RoundEvent } from "../../ports/events.ts";
import type { WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";
import type { RowCounts } from "../../quorum/decode.ts";
import { openQuorum, type Quorum } from "../../quorum/quorum-state.ts";
import type { WaitPolicy, WaitRule, WaitState } from "../../quorum/wait-policies/policy.ts";
import type { BatchSize } from "../../tasks/batch-gradient.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { StopRule } from "../stop-rule.ts";
import { type Correction, type ExactPlan, isAnchorDue } from "./correction.ts";
import type { Scaling } from "./scaling.ts";

export interface RoundsPlan {
  readonly problem: Problem;
  readonly optimizer: Optimizer;
  readonly shares: RowCounts;
  readonly wait: WaitPolicy;
  readonly shape: WeightShape;
  readonly weightsLength: number;
  /** The weights to start from; zeros where there are none. */
  readonly initial?: () => Float32Array<ArrayBuffer> | null;
  /** Largest eigenvalue of X'X/n; only where the optimizer needs it. */
  readonly largestEigenvalue: number;
  readonly roundsMax: number;
  readonly stop: StopRule;
  /** In which weights the stop rule looks at gradients; null, or absent, for as they are. */
  readonly units?: Scaling | null;
  /** X'X / n, where the optimizer steps along it: of few features alone. */
  readonly gram?: Float64Array | null;
  /** In which weights a searcher steps; null, or absent, for as they are. */
  readonly scaling?: Scaling | null;
  readonly patienceMs: number;
  /** How tables' gradients are told; null, or absent, for dense. */
  readonly gradients?: GradientForm | null;
  /** Gradients are of a batch of every slot's rows; null, or absent, for all of them. */
  readonly batch?: { readonly size: BatchSize; readonly seed: number } | null;
  /** Estimates are corrected by exact gradients, now and then; null for never. */
  readonly exact: ExactPlan | null;
}

export interface RoundsState {
  readonly round: number;
  readonly startedMs: number;
  readonly weights: Float32Array<ArrayBuffer>;
  /** Where this round asks for the gradient; null for at the weights. */
  readonly ahead: Float32Array<ArrayBuffer> | null;
  readonly memory: Memory;
  readonly finished: boolean;
  readonly quorum: Quorum<WorkerReply>;
  readonly waiting: WaitState;
  /** Set in the second half of a round: the line search along a direction. */
  readonly search: Search | null;
  /** How many rounds in a row found no step that lowers the objective. */
  readonly stalled: number;
  /** The last round's gradients, for the overlap pair; null where nobody wants one. */
  readonly previous: Previous | null;
  readonly correction: Correction | null;
}

export interface Search {
  readonly direction: Float32Array<ArrayBuffer>;
  readonly steps: Float64Array<ArrayBuffer>;
  /** How often other steps were tried before these. */
  readonly retries: number;
  /** d'g of the estimate, penalty included. */
  readonly slope: number;
  readonly round: Omit<RoundEvent, "atMs" | "stepSize">;
  readonly heard: Previous;
}

/** Gradients by slot, and the weights they were computed at. */
export interface Previous {
  readonly weights: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
  readonly gradients: SlotMap<WorkerReply>;
}

/** Whom the question that is open waits for. */
export function ruleOf(plan: RoundsPlan, state: RoundsState): WaitRule {
  return state.search === null && isAnchorDue(plan, state) ? plan.exact!.wait : state.waiting.rule;
}

/** Where the next weights lie, and where their gradient is to be asked. */
export interface NextPoint {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly ahead?: Float32Array<ArrayBuffer> | null;
}

/** The next round begins, with a checkpoint at its boundary. */
export function nextRound(
  plan: RoundsPlan,
  state: RoundsState,
  { weights, ahead = null }: NextPoint,
  event: RoundEvent,
  previous: Previous,
): Step<RoundsState> {
  const next: RoundsState = {
    ...state,
    round: state.round + 1,
    startedMs: event.atMs,
    weights,
    ahead,
    finished: state.finished || state.round + 1 >= plan.roundsMax,
    quorum: openQuorum<WorkerReply>(event.atMs),
    search: null,
    previous: plan.optimizer.searches ? previous : null,
  };
  return { state: next, events: [event], durable: true };
}
