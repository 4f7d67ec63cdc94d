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
    const isSame = last?.changes === changes && last.operation === operation;
    if (last !== null && isSame && last.encoded === encoded) return last;
    const found = gather(problem, task, materials.all(encoded, operation));
    last = { changes, encoded, operation, ...found };
    return last;
  };
  return (request, tasks) => {
    const { crowded, places, count } = gathered(request);
    if (crowded === null || tasks.length < shareMin * count) return null;
    const { operation } = request.task;
    const weights = weightsOf(request.task);
    for (const task of tasks)
      if (weightsOf(task) !== weights || task.operation !== operation) return null;
    const answer = crowded(request.task);
    if (answer === null) return null;
    return ({ slot }) => {
      const place = places[slot] ?? -1;
      return place < 0 ? null : answer(place);
    };
  };
}

function weightsOf(task: WorkerTask): Float32Array | null {
  return "weights" in task ? task.weights : null;
}

interface Gathering {
  readonly crowded: BatchedCompute<WorkerTask> | null;
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

function gather(problem: Problem, task: WorkerTask, materials: readonly unknown[]): Gathering {
  const places = new Int32Array(materials.length).fill(-1);
  const inputs: unknown[] = [];
  for (const [slot, material] of materials.entries()) {
    if (material === undefined) continue;
    places[slot] = inputs.length;
    inputs.push(material);
  }
  const crowded = inputs.length === 0 ? null : taskKindOf(task)?.batch?.(problem, inputs);
  return { crowded: crowded ?? null, places, count: inputs.length };
}
