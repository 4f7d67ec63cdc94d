import type { SlotMap } from "../../core/slot-map.ts";
import type { Encoded } from "../../data/manifests.ts";
import type { Encoding } from "../../encoding/encoding.ts";
import type { Searcher } from "../../optimizers/optimizer.ts";
import type { RoundEvent } from "../../ports/events.ts";
import type { WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";
import type { Quorum } from "../../quorum/quorum-state.ts";
import type { WaitPolicy, WaitState } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { Side } from "../../tasks/subproblems/sides.ts";
import type { StopRule } from "../stop-rule.ts";
import type { CodedSubproblems } from "./coded-subproblems.ts";

export interface AlternatingPlan {
  readonly problem: Problem;
  readonly optimizer: Searcher;
  /** How many pairs the optimizer remembers. */
  readonly pairsMax: number;
  readonly encoding: Encoding;
  readonly encoded: Encoded;
  /** The subproblems of a side that are solved by rounds. */
  readonly bank: (side: Side) => CodedSubproblems;
  readonly wait: WaitPolicy;
  readonly shape: WeightShape;
  readonly startWeights: Float32Array<ArrayBuffer>;
  /** Smaller subproblems are solved exactly. */
  readonly exactBelow: number;
  /** Codes are for multiples of so many rows. */
  readonly bankRows: number;
  /** Slots at which a small subproblem is solved. */
  readonly copies: number;
  /** Rounds in half an epoch. */
  readonly iterations: number;
  /** Half epochs. */
  readonly halves: number;
  readonly roundsMax: number;
  readonly stop: StopRule;
  readonly patienceMs: number;
}

/** What all slots are asked at the moment. */
export type AlternatingPhase = "solutions" | "gradients" | "curvatures";

export interface AlternatingState {
  readonly round: number;
  readonly startedMs: number;
  readonly weights: Float32Array<ArrayBuffer>;
  readonly finished: boolean;
  /** Half epochs done: users move in even ones, items in odd ones. */
  readonly half: number;
  readonly phase: AlternatingPhase;
  /** Rounds of this half done, exact solutions not counted. */
  readonly inner: number;
  readonly quorum: Quorum<WorkerReply>;
  readonly waiting: WaitState;
  /** The loss of the ratings whose subproblems were solved exactly in this half. */
  readonly settledLoss: number;
  /** Squared norm of this half's first gradient. */
  readonly halfSquares: number;
  /** Halves in a row that began with next to no gradient. */
  readonly quietHalves: number;
  /** The last rounds' curvature pairs, of this half. */
  readonly pairs: readonly SidePair[];
  /** The last round's gradients, of this half, for the overlap pair. */
  readonly previous: SideReplies | null;
  readonly search: SideSearch | null;
}

/** A curvature pair of every subproblem, zeros where it has none. */
export interface SidePair {
  readonly changes: Float64Array<ArrayBuffer>;
  readonly responses: Float64Array<ArrayBuffer>;
}

export interface SideReplies {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly gradients: SlotMap<WorkerReply>;
}

/** Set while slots are asked about the way. */
export interface SideSearch {
  /** One direction a subproblem. */
  readonly directions: Float32Array<ArrayBuffer>;
  /** d'g of the estimate, penalty included. */
  readonly slopes: Float64Array<ArrayBuffer>;
  /** No less than this is the curvature along each, by the first quorum. */
  readonly curvatureMin: Float64Array<ArrayBuffer>;
  readonly event: Omit<RoundEvent, "atMs" | "stepSize">;
  readonly heard: SideReplies;
}

export function sideOf({ half }: Pick<AlternatingState, "half">): Side {
  return half % 2 === 0 ? "users" : "items";
}
