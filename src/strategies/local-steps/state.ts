import type { Feedback } from "../../compression/feedback.ts";
import type { Chosen } from "../../core/registry.ts";
import type { SlotMap } from "../../core/slot-map.ts";
import type { GradientForm } from "../../math/slices/sliced-gradient.ts";
import type { Memory, Stepper } from "../../optimizers/optimizer.ts";
import type { Committee } from "../../privacy/mechanisms/secure-sum.ts";
import type { WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";
import type { Quorum } from "../../quorum/quorum-state.ts";
import type { WaitPolicy, WaitState } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { SecureSums } from "../secure-sums/state.ts";
import type { StopRule } from "../stop-rule.ts";
import type { LearningRate } from "./learning-rates.ts";

export interface LocalStepsPlan {
  readonly problem: Problem;
  readonly shape: WeightShape;
  readonly weightsLength: number;
  /** The weights to start from. */
  initial(): Float64Array<ArrayBuffer>;
  /** Each slot's part of all stored rows: what its changes count. They add up to 1. */
  readonly parts: readonly number[];
  /** H: local steps between one download and the next. */
  readonly steps: number;
  /** Rows of a minibatch; 0 for all of the slot's. */
  readonly batch: number;
  readonly rate: LearningRate;
  readonly momentum: number;
  readonly seed: number;
  readonly compression: Chosen;
  readonly feedback: Feedback;
  /** Of weights on their way down; null, or absent: as they are. */
  readonly down?: Chosen | null;
  /** How changes of tables are told; null, or absent: dense, or as the compressor makes them. */
  readonly gradients?: GradientForm | null;
  /** Moves the weights by the mean change as if it were a gradient; null: by the change itself. */
  readonly outer: Stepper | null;
  /** Every reply is applied at once, and a round is as many as there are slots. */
  readonly asynchronous: boolean;
  /** A slot whose weights are older, in updates, is asked anew at the newest. */
  readonly stalenessMax: number;
  /** Who takes the masks off sums of changes; null where every change is told by itself. */
  readonly secure: Committee | null;
  readonly wait: WaitPolicy;
  readonly roundsMax: number;
  readonly stop: StopRule;
  readonly patienceMs: number;
}

export interface LocalStepsState {
  /** Rounds done; asynchronously, as many updates as there are slots. */
  readonly round: number;
  /** Updates done. */
  readonly version: number;
  readonly startedMs: number;
  /** In double precision: updates are far smaller than single precision resolves. */
  readonly weights: Float64Array<ArrayBuffer>;
  /** What is downloaded instead, where the outer optimizer asks at another point. */
  readonly ahead: Float64Array<ArrayBuffer> | null;
  /** What those under way have downloaded, oldest first; the last is the newest. */
  readonly models: readonly VersionedModel[];
  /** What every slot is at. */
  readonly turns: SlotMap<WorkerTurn>;
  readonly quorum: Quorum<WorkerReply>;
  readonly waiting: WaitState;
  readonly outer: Memory;
  /** With EF21: the mean of what is known of every slot's change. */
  readonly known: Float64Array<ArrayBuffer> | null;
  readonly pass: Epoch;
  readonly traffic: Traffic;
  /** How often a slot's memory was gone. */
  readonly forgotten: number;
  readonly finished: boolean;
  /** Of secure sums; absent where there are none. */
  readonly secure?: SecureSums;
}

/** The weights after so many updates, as they travel. */
export interface VersionedModel {
  readonly version: number;
  readonly weights: Float32Array<ArrayBuffer>;
}

/** A slot's way from the model it downloaded last. */
export interface WorkerTurn {
  readonly version: number;
  /** The version of the turn whose memory counts; null before the first. */
  readonly memory: number | null;
}

/** What is told when a round ends. */
export interface Epoch {
  readonly slots: readonly number[];
  readonly staleness: readonly number[];
  /** Sums over the replies, by what they count. */
  readonly loss: number;
  readonly part: number;
  readonly traffic: Traffic;
}

/** Of weights sent down, and of payloads that counted, up. */
export interface Traffic {
  readonly bitsDown: number;
  readonly bitsUp: number;
}

export const noTraffic: Traffic = { bitsDown: 0, bitsUp: 0 };

export const emptyEpoch: Epoch = { slots: [], staleness: [], loss: 0, part: 0, traffic: noTraffic };

export function withTraffic(a: Traffic, b: Traffic): Traffic {
  return { bitsDown: a.bitsDown + b.bitsDown, bitsUp: a.bitsUp + b.bitsUp };
}

/** Slots keep something from one turn to the next. */
export function hasWorkerState({ feedback, momentum }: LocalStepsPlan): boolean {
  return feedback !== "none" || momentum > 0;
}
