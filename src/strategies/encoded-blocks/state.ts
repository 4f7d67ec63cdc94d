import type { WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";
import type { Quorum } from "../../quorum/quorum-state.ts";
import type { WaitPolicy, WaitState } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { StopRule } from "../stop-rule.ts";

export interface BlocksPlan {
  readonly problem: Pick<Problem, "l1" | "l2">;
  readonly wait: WaitPolicy;
  /** Data rows. */
  readonly rows: number;
  readonly shape: WeightShape;
  readonly weightsLength: number;
  /** Lifted features of every slot. */
  readonly storedRows: readonly number[];
  /** c in S'S = cI. */
  readonly scale: number;
  /** alpha: at most 1/(cL), every set of replies descends. */
  readonly stepSize: number;
  readonly roundsMax: number;
  /** Stop when the gradient's norm, as estimated, is below this part of the first round's. */
  readonly stop: StopRule;
  readonly patienceMs: number;
}

/** What has been accepted so far: X w and w, which have had the same increments. */
export interface BlocksState {
  readonly round: number;
  readonly startedMs: number;
  /** X w, an output after another. */
  readonly predictions: Float64Array<ArrayBuffer>;
  readonly weights: Float64Array<ArrayBuffer>;
  readonly finished: boolean;
  readonly quorum: Quorum<WorkerReply>;
  readonly waiting: WaitState;
}

/** How many numbers a reply has: for each output n for the predictions and p for the weights. */
export function replyLength({ rows, shape, weightsLength }: BlocksPlan): number {
  return (weightsLength / shape.columns) * (rows + shape.columns);
}
