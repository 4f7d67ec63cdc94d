import type { SlotMap } from "../../core/slot-map.ts";
import type { WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";
import type { RowCounts } from "../../quorum/decode.ts";
import type { StreamedTurn } from "../../quorum/stream.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { StopRule } from "../stop-rule.ts";

export interface AsyncSgdPlan {
  readonly problem: Problem;
  readonly shares: RowCounts;
  readonly shape: WeightShape;
  readonly weightsLength: number;
  /** The step along an estimate from a share of the stored rows. */
  stepSize(share: number): number;
  /** Steps go along the mean of every slot's latest gradient; else along the newest alone. */
  readonly memory: boolean;
  /** Older gradients are not used. */
  readonly stalenessMax: number;
  /** Passes: a pass is as many replies as there are slots. */
  readonly roundsMax: number;
  readonly stop: StopRule;
  readonly patienceMs: number;
}

export interface AsyncSgdState {
  /** Passes done. */
  readonly round: number;
  readonly startedMs: number;
  /** When the last reply of use came; patience counts from here. */
  readonly heardMs: number;
  /** Steps taken. */
  readonly version: number;
  /** Steps are far smaller than single precision resolves. */
  readonly weights: Float64Array<ArrayBuffer>;
  /** What every slot is at. */
  readonly open: SlotMap<GradientTurn>;
  readonly known: SlotGradient;
  readonly pass: AsyncEpoch;
  /** Why the last reply that was no use was none. */
  readonly trouble: string | null;
  readonly finished: boolean;
}

/** One gradient under way. */
export interface GradientTurn extends StreamedTurn {
  readonly weights: Float32Array<ArrayBuffer>;
}

/** The latest reply of every slot that has ever answered. */
export interface SlotGradient {
  readonly replies: SlotMap<WorkerReply>;
  /** Steps taken when each one's turn began. */
  readonly versions: SlotMap<number>;
  /** What the replies add up to, weighted; null to add them up anew. */
  readonly mean: Float64Array<ArrayBuffer> | null;
}

/** The pass so far. */
export interface AsyncEpoch {
  /** Slot and staleness of every reply that was used, in the order they came in. */
  readonly slots: readonly number[];
  readonly staleness: readonly number[];
  /** The sum of the gradients stepped along. */
  readonly gradient: Float64Array<ArrayBuffer>;
}
