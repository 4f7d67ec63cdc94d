import type { Problem } from "../problems/problem.ts";
import type { WorkerReply, WorkerRequest, WorkerTask } from "../tasks/protocol.ts";
import { taskKindOf } from "../tasks/registry.ts";
import type { BatchedCompute } from "../tasks/task-kind.ts";
import type { MaterialCache } from "../worker/material-cache.ts";

/** A worker's reply to a task; null where the task is to be performed by itself. */
export type BatchedReplies = (task: WorkerTask) => WorkerReply | null;

/** Fewer tasks are not worth going through everybody. */
const shareMin = 1 / 4;

/**
 * Answers one question to thousands of small shards at once, for a simulation that holds them all:
 * getting to each of them takes several times as long as its work. Shards are those that a worker
 * has loaded so far. The replies are those of `TaskKind.compute` to the last bit, and take no time.
 */
export function batchedWorker(
  materials: MaterialCache,
  problem: Problem,
): (request: WorkerRequest, tasks: readonly WorkerTask[]) => BatchedReplies | null {
  let last: Gathered | null = null;
  const gathered = ({ encoded, task }: WorkerRequest): Gathered => {
    const { changes } = materials;
    const { operation } = task;
    const isSame = last?.encoded === encoded && last.operation === operation;
    if (last !== null && isSame && last.changes === changes) return last;
    const all = materials.all(encoded, operation);
    const found = (isSame ? added(last!, all) : null) ?? gather(problem, task, all);
    last = { changes, encoded, operation, ...found };
    return last;
  };
  let answered: Answered | null = null;
  /** Of a question that was answered to many, if it is that. */
  const known = ({ encoded }: WorkerRequest, task: WorkerTask): BatchedReplies | null => {
    if (answered?.encoded !== encoded || answered.operation !== task.operation) return null;
    return answered.weights === weightsOf(task) ? answered.replies : null;
  };
  return (request, tasks) => {
    // One that was lost is asked alone.
    if (tasks.length === 1) return known(request, request.task);
    const { batch, places, count } = gathered(request);
    if (batch === null || tasks.length < shareMin * count) return null;
    const { operation } = request.task;
    const weights = weightsOf(request.task);
    for (const task of tasks)
      if (weightsOf(task) !== weights || task.operation !== operation) return null;
    const answer = batch.answer(request.task);
    if (answer === null) return null;
    const replies = (task: WorkerTask) => {
      const place = places[task.slot] ?? -1;
      return place < 0 ? null : answer(place, task);
    };
    // Only the newest: older ones would keep the replies of their rounds.
    const { encoded } = request;
    answered = weights === null ? null : { encoded, operation, weights, replies };
    return replies;
  };
}

function weightsOf(task: WorkerTask): Float32Array | null {
  return "weights" in task ? task.weights : null;
}

/** What many were asked last. */
interface Answered {
  readonly encoded: string;
  readonly operation: WorkerTask["operation"];
  readonly weights: Float32Array;
  readonly replies: BatchedReplies;
}

interface Gathering {
  readonly batch: TaskBatch | null;
  /** Of each slot among the gathered; -1 for none. */
  readonly places: Int32Array;
  readonly count: number;
}

interface Gathered extends Gathering {
  /** How often materials had changed by then. */
  readonly changes: number;
  readonly encoded: string;
  readonly operation: WorkerTask["operation"];
}

type TaskBatch = BatchedCompute<WorkerTask, unknown>;

function gather(problem: Problem, task: WorkerTask, materials: readonly unknown[]): Gathering {
  const places = new Int32Array(materials.length).fill(-1);
  const inputs = putInPlaces(places, materials, 0);
  const { length: slots } = materials;
  const batch = inputs.length === 0 ? null : taskKindOf(task)?.batch?.(problem, inputs, slots);
  return { batch: batch ?? null, places, count: inputs.length };
}

/** The same with those that were loaded since; null where all are to be put together anew. */
function added(
  { batch, places: before, count }: Gathering,
  materials: readonly unknown[],
): Gathering | null {
  if (batch?.add === undefined) return null;
  const places = new Int32Array(materials.length).fill(-1);
  places.set(before);
  const inputs = putInPlaces(places, materials, count);
  return batch.add(inputs) ? { batch, places, count: count + inputs.length } : null;
}

/** Gives the next places to those who have none; returns their materials. */
function putInPlaces(places: Int32Array, materials: readonly unknown[], next: number): unknown[] {
  const inputs: unknown[] = [];
  for (let slot = 0; slot < materials.length; slot++) {
    if (materials[slot] === undefined || places[slot]! >= 0) continue;
    places[slot] = next + inputs.length;
    inputs.push(materials[slot]);
  }
  return inputs;
}
