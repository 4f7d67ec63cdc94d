import { assert, RunError } from "../../core/errors.ts";
import type { StageEngine, StageInput } from "../../model-parallel/staged-model.ts";
import type { ObjectRef } from "../../ports/object-ref.ts";
import type { Problem } from "../../problems/problem.ts";
import { readNamedObject } from "../../store-damage.ts";
import type { Effects } from "../../store-effects.ts";
import type { RoundTask, WorkerContext, WorkerReply } from "../task-kind.ts";
import { invalidSums } from "../valid-reply.ts";
import { fewAtOnce, freeArrays } from "./garbage.ts";
import { type HandedTensor, openTensor } from "./handed-tensor.ts";
import { type Microbatch, type MicrobatchRows, microbatchReader } from "./microbatch.ts";

/** Rows on a stage, whose weights are read from the store unless it stands at them. */
export interface StageTask extends RoundTask {
  readonly step: number;
  readonly node: string;
  readonly replica: number;
  /** The stage's file in the store. */
  readonly file: string;
  /** The stage reads rows or their targets. */
  readonly takesRows: boolean;
  /** Each of the stage's parts of the weights, at the version of the step. */
  readonly parts: readonly ObjectRef[];
  /** Of earlier stages. */
  readonly imports: readonly HandedTensor[];
  /** Numbers that it goes through, about. */
  readonly work: number;
}

/** A microbatch of the training rows on a stage. */
export interface StagePassTask extends StageTask {
  readonly rows: Microbatch;
  /**
   * The environment keeps the forward pass for the backward pass, which computes it again wherever
   * it is not at hand: the same bits.
   */
  readonly isKept?: true;
}

/** What an environment keeps of its rows. */
export type StageRows = ReturnType<typeof microbatchReader>;

export async function loadStageRows(place: WorkerContext): Promise<StageRows> {
  return microbatchReader(await place.shard());
}

export interface ReadyStage {
  readonly engine: StageEngine;
  /** Of the weights that it was set to. */
  readonly weights: string;
  readonly input: StageInput;
  /** What stands for the imports: the forward pass that the environment kept. */
  readonly stash: string | null;
}

/** Names a forward pass that an environment keeps, of whatever run; null where none is kept. */
export function stashName(
  { run }: WorkerContext,
  { isKept, step, rows: { microbatch } }: StagePassTask,
): string | null {
  return isKept === true ? `${run}/${step}/${microbatch}` : null;
}

/**
 * The stage at the weights that the task names: an environment that stands at others, such as those
 * of a step before, reads these first.
 */
export async function prepareStage(
  problem: Problem,
  place: WorkerContext,
  task: StageTask,
  readRows: () => MicrobatchRows | Promise<MicrobatchRows>,
  stash: string | null = null,
): Promise<ReadyStage> {
  assert(problem.stages !== undefined, "only a problem with stages is asked for one");
  const read = (key: string) => readNamedObject(place.store, key);
  const engine = await problem.stages.open(task.file, read);
  const name = task.parts.map(({ sha256 }) => sha256).join();
  freeArrays("idle");
  if (!engine.isAt(name)) await setWeights(engine, name, place, task);
  freeArrays("idle");
  const isHeld = stash !== null && engine.holds(stash);
  const imports = isHeld
    ? []
    : await Promise.all(task.imports.map((one) => openTensor(place, one)));
  const input = { imports, rows: task.takesRows ? await readRows() : null };
  return { engine, weights: name, input, stash: isHeld ? stash : null };
}

async function setWeights(
  engine: StageEngine,
  name: string,
  place: WorkerContext,
  { parts }: StageTask,
): Promise<void> {
  const arrays = await fewAtOnce(parts, (ref) => place.object(ref));
  engine.set(name, arrays as Float32Array[]);
}

/**
 * The stage of a task that is ready. Throws `RunError` where another task of the same process has
 * set it to other weights meanwhile: the task is then lost, and asked for again.
 */
export function stageAt({ engine, weights, stash }: ReadyStage): StageEngine {
  if (engine.isAt(weights) && (stash === null || engine.holds(stash))) return engine;
  throw new RunError("bad-stage", "the stage was set to other weights meanwhile");
}

/** Why a reply of a pass is as good as lost: numbers that are none, or as below. */
export function invalidStageReply(task: StageTask, reply: WorkerReply): string | null {
  return invalidSums(reply, 0) ?? invalidVersion(task, reply);
}

/** Why a reply is as good as lost: weights of another version, or a tensor that it lacks. */
export function invalidVersion(
  { step, objects }: StageTask,
  { version, tensors = {} }: WorkerReply,
): string | null {
  if (version !== step) return `its reply is of the weights of step ${version}, not ${step}`;
  const missing = Object.keys(objects?.keep ?? {}).find((field) => tensors[field] === undefined);
  return missing === undefined ? null : `its reply has no ${missing}`;
}

export const stageEffects: Effects = {
  roles: ["networkWorker"],
  reads: ["encoded", "parts", "networks", "stepObjects", "modelParts"],
};
