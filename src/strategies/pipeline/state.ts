import type { Chosen } from "../../core/registry.ts";
import type { PartStart, PipelineLayout } from "../../model-parallel/pipeline-layout.ts";
import type { ScheduleName } from "../../model-parallel/schedule.ts";
import type { Stepper } from "../../optimizers/optimizer.ts";
import type { ObjectRef } from "../../ports/object-ref.ts";
import type { Traversing } from "../../quorum/graph-nodes.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { StopRule } from "../stop-rule.ts";
import type { Replicas } from "./replicas.ts";

export interface StagesPlan {
  readonly layout: PipelineLayout;
  readonly starts: readonly PartStart[];
  /** Where another run had come to, of one that goes on from it. */
  readonly continued: ContinuedState | null;
  readonly schedule: ScheduleName;
  readonly activeMicrobatches: number | null;
  /** Environments keep no forward pass for its backward pass. */
  readonly recompute: boolean;
  /** Examples of each microbatch: they add up to the batch. */
  readonly microbatches: readonly number[];
  readonly replicas: Replicas;
  /** The replicas that count share the updates, and what the optimizer keeps. */
  readonly shardOptimizer: boolean;
  /** What the order of rows hangs on; null where every step takes all of them. */
  readonly order: number | null;
  readonly optimizer: Chosen;
  readonly stepper: Stepper;
  /** The optimizer asks for gradients ahead of the weights. */
  readonly asksAhead: boolean;
  /** Slopes of tables are told by their rows where that is fewer bytes. */
  readonly byRows: boolean;
  /** How many sums over all weights it needs; 0 for none. */
  readonly sumsPerTensor: number;
  readonly roundsMax: number;
  readonly stop: StopRule;
  readonly patienceMs: number;
}

/** Small however large the model is: weights and what the optimizer keeps are references. */
export interface PipelineState extends Traversing<WorkerReply> {
  readonly startedMs: number;
  /** At the weights of `step`. */
  readonly parts: readonly PartState[];
}

/** What a run that goes on from another begins with, in its own parts. */
export type ContinuedState = Pick<PipelineState, "step" | "parts">;

export interface PartState {
  readonly weights: ObjectRef;
  /** Where the next gradient is asked, if not at the weights. */
  readonly ahead: ObjectRef | null;
  /** The optimizer's; null before the first step. */
  readonly memory: ObjectRef | null;
  /** SHA-256 of each tensor's numbers. */
  readonly digests: readonly string[];
}
