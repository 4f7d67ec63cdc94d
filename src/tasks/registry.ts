import { assert } from "../core/errors.ts";
import { anytimeGradient } from "./anytime-gradient.ts";
import { batchGradient } from "./batch-gradient.ts";
import { blockUpdate } from "./block-update.ts";
import { clippedGradientSum } from "./clipped-gradient-sum.ts";
import { combine } from "./combine.ts";
import { committeeKey } from "./committee-key.ts";
import { consensusStep } from "./consensus-step.ts";
import { gradient } from "./gradient.ts";
import { gradientShards } from "./gradient-shards.ts";
import { lineSearchTask } from "./line-search.ts";
import { localStepsTask } from "./local-steps.ts";
import { maskSum } from "./mask-sum.ts";
import { noisyAggregate } from "./noisy-aggregate.ts";
import type { WorkerReply, WorkerTask } from "./protocol.ts";
import { secureClippedSum } from "./secure-clipped-sum.ts";
import { secureLocalSteps } from "./secure-local-steps.ts";
import { secureTotal } from "./secure-total.ts";
import { partSums, partUpdate } from "./stages/part-update.ts";
import { stageBackward } from "./stages/stage-backward.ts";
import { stageEvaluate } from "./stages/stage-evaluate.ts";
import { stageForward } from "./stages/stage-forward.ts";
import { subproblemCurvatures } from "./subproblems/curvatures.ts";
import { subproblemGradients } from "./subproblems/gradients.ts";
import { subproblemSolutions } from "./subproblems/solutions.ts";
import type { ReplyFacts, TaskKind, TaskOutput } from "./task-kind.ts";

type TaskOf<Name> = Extract<WorkerTask, { operation: Name }>;
type AnyTaskKind = TaskKind<WorkerTask, unknown>;

/** What `load` makes is what the same kind's `compute` takes; the table forgets what it is. */
export const taskKinds: {
  readonly [Name in WorkerTask["operation"]]: TaskKind<TaskOf<Name>, unknown>;
} = {
  gradient: opaque(gradient),
  "batch-gradient": opaque(batchGradient),
  "gradient-shards": opaque(gradientShards),
  combine: opaque(combine),
  along: opaque(lineSearchTask),
  block: opaque(blockUpdate),
  "local-steps": opaque(localStepsTask),
  "node-round": opaque(consensusStep),
  "clipped-sum": opaque(clippedGradientSum),
  "noised-sum": opaque(noisyAggregate),
  "committee-key": opaque(committeeKey),
  "mask-sum": opaque(maskSum),
  "secure-local-steps": opaque(secureLocalSteps),
  "secure-clipped-sum": opaque(secureClippedSum),
  "secure-total": opaque(secureTotal),
  "subproblem-gradients": opaque(subproblemGradients),
  "subproblem-curvatures": opaque(subproblemCurvatures),
  "subproblem-solutions": opaque(subproblemSolutions),
  "stage-forward": opaque(stageForward),
  "stage-backward": opaque(stageBackward),
  "stage-evaluate": opaque(stageEvaluate),
  "part-sums": opaque(partSums),
  "part-update": opaque(partUpdate),
  "anytime-gradient": opaque(anytimeGradient),
};

const byName = new Map(Object.entries(taskKinds)) as ReadonlyMap<string, AnyTaskKind>;

/** Thousands of tasks of one kind come one after another. */
let lastName: string | null = null;
let lastKind: AnyTaskKind | undefined;

/** The kind of a task; undefined for a name from another version of the code. */
export function taskKindOf({ operation }: WorkerTask): AnyTaskKind | undefined {
  if (operation !== lastName) {
    lastName = operation;
    lastKind = byName.get(operation);
  }
  return lastKind;
}

const noFacts: ReplyFacts = {};

/** Why a reply is as good as lost; null for a sound one. */
export function invalidReply(
  task: WorkerTask,
  reply: WorkerReply,
  facts: ReplyFacts = noFacts,
): string | null {
  return ownKindOf(task).validate(task, reply, facts);
}

/** Bytes of each array that a task holds, wherever they travel. */
export function requestArrays(task: WorkerTask): number[] {
  return ownKindOf(task).size.requestArrays(task);
}

/** Bytes of the reply's arrays; null where that cannot be said without it. */
export function replyArrayBytes(task: WorkerTask, isQuadratic: boolean): number | null {
  return ownKindOf(task).size.replyBytes?.(task, isQuadratic) ?? null;
}

/** Stored numbers that a task goes through, of a slot that has so many. */
export function taskEntries(task: WorkerTask, entriesPerSlot: number): number {
  return ownKindOf(task).size.entries?.(task, entriesPerSlot) ?? entriesPerSlot;
}

/** As `TaskKind.withinTime`: the task itself where its work does not hang on time. */
export function taskWithinTime(task: WorkerTask, lateMs: number, shardMs: number): WorkerTask {
  return ownKindOf(task).withinTime?.(task, lateMs, shardMs) ?? task;
}

/** Bytes of the arrays that a reply is made of. */
export function arrayBytesOf({ values, payload, tensors }: WorkerReply): number {
  const bytes = values.byteLength + (payload?.byteLength ?? 0);
  if (tensors === undefined) return bytes;
  const inline = Object.values(tensors).filter((one) => ArrayBuffer.isView(one));
  return inline.reduce((sum, { byteLength }) => sum + byteLength, bytes);
}

function ownKindOf(task: WorkerTask): AnyTaskKind {
  const kind = taskKindOf(task);
  // Asked several times a reply: the words are made only where they are needed.
  if (kind === undefined) assert(false, `no task is of the kind ${task.operation}`);
  return kind;
}

function opaque<Task, Material, Input, Made extends TaskOutput>(
  one: TaskKind<Task, Material, Input, Made>,
): TaskKind<Task, unknown> {
  return one as unknown as TaskKind<Task, unknown>;
}
