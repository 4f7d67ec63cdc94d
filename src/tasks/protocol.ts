import type { Chosen } from "../core/registry.ts";
import type { AnytimeGradientTask } from "./anytime-gradient.ts";
import type { BatchGradientTask } from "./batch-gradient.ts";
import type { BlockUpdateTask } from "./block-update.ts";
import type { ClippedGradientSumTask } from "./clipped-gradient-sum.ts";
import type { CombineTask } from "./combine.ts";
import type { CommitteeKeyTask } from "./committee-key.ts";
import type { ConsensusStepTask } from "./consensus-step.ts";
import type { GradientTask } from "./gradient.ts";
import type { GradientShardsTask } from "./gradient-shards.ts";
import type { LineSearchTask } from "./line-search.ts";
import type { LocalStepsTask } from "./local-steps.ts";
import type { MaskSumTask } from "./mask-sum.ts";
import type { NoisyAggregateTask } from "./noisy-aggregate.ts";
import type { SecureClippedSumTask } from "./secure-clipped-sum.ts";
import type { SecureLocalStepsTask } from "./secure-local-steps.ts";
import type { SecureTotalTask } from "./secure-total.ts";
import type { PartSumsTask, PartUpdateTask } from "./stages/part-update.ts";
import type { StageBackwardTask } from "./stages/stage-backward.ts";
import type { StageEvaluateTask } from "./stages/stage-evaluate.ts";
import type { StageForwardTask } from "./stages/stage-forward.ts";
import type { SubproblemCurvaturesTask } from "./subproblems/curvatures.ts";
import type { SubproblemGradientsTask } from "./subproblems/gradients.ts";
import type { SubproblemSolutionsTask } from "./subproblems/solutions.ts";

export type { WorkerReply } from "./task-kind.ts";

/**
 * Raised with every change of what tasks and replies mean: while a deployment replaces its
 * functions one after the other, an old worker must not answer a new orchestrator, or the reverse.
 */
export const protocolVersion = 1;

/**
 * The oldest version that workers still answer, in its own words. A run's orchestrator stays on the
 * code that it began with while workers are replaced at once, so it is the last version before
 * this one: whoever raises `protocolVersion` leaves a worker that answers both.
 */
export const oldestProtocolVersion = 1;

/** One question to one slot's shard. */
export type WorkerTask =
  | GradientTask
  | BatchGradientTask
  | GradientShardsTask
  | CombineTask
  | LineSearchTask
  | BlockUpdateTask
  | SubproblemGradientsTask
  | SubproblemCurvaturesTask
  | SubproblemSolutionsTask
  | LocalStepsTask
  | ConsensusStepTask
  | ClippedGradientSumTask
  | NoisyAggregateTask
  | CommitteeKeyTask
  | MaskSumTask
  | SecureLocalStepsTask
  | SecureClippedSumTask
  | SecureTotalTask
  | StageForwardTask
  | StageBackwardTask
  | StageEvaluateTask
  | PartSumsTask
  | PartUpdateTask
  | AnytimeGradientTask;

/** What an invocation of the worker carries: which shard of what, and the task. */
export interface WorkerRequest {
  /** `protocolVersion` of whoever asks; absent within one process. */
  readonly version?: number;
  readonly run: string;
  /** Key of the manifest of encoded shards. */
  readonly encoded: string;
  readonly problem: Chosen;
  readonly task: WorkerTask;
  /** When its invocation began, on the worker's own clock, where whoever answers knows better. */
  readonly startedMs?: number;
}
