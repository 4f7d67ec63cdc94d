import type { Random } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import type { Problem } from "../problems/problem.ts";
import { minibatchRoom } from "./minibatch.ts";
import type { BatchedCompute, WorkerReply } from "./task-kind.ts";
import { drawsOf, type WalkRoom, type WalkTask, walk } from "./walk.ts";

/** How a kind of tasks makes replies of walks. */
interface Telling<Task> {
  /** Of tasks alone that neither read nor leave anything. */
  isAnswered(task: Task): boolean;
  /** The payload of a change; `random` is what the task draws from. */
  compress(task: Task, change: Float32Array, random: Random): Uint8Array<ArrayBuffer>;
}

/**
 * The local steps of many slots without an array for each: in one room, one slot after another.
 * Null for problems that draw, or keep what they are shown.
 */
export function batchSteps<Task extends WalkTask>(
  problem: Problem,
  materials: readonly Examples[],
  { isAnswered, compress }: Telling<Task>,
): BatchedCompute<Task, Examples> | null {
  // Of those it is known that they look at rows and at nothing else.
  if (problem.batchedSums === undefined) return null;
  const shards = [...materials];
  const batches = minibatchRoom();
  let room: WalkRoom | null = null;
  let change = new Float32Array(0);
  const replyTo = (examples: Examples, task: Task): WorkerReply => {
    const { weights } = task;
    if (room?.here.length !== weights.length) {
      room = roomFor(weights.length);
      change = new Float32Array(weights.length);
    }
    const { here } = room;
    for (let j = 0; j < here.length; j++) here[j] = weights[j]!;
    const draw = (count: number, draws: Random) => batches.draw(examples, count, draws);
    const loss = walk(problem, draw, task, room);
    for (let j = 0; j < here.length; j++) change[j] = weights[j]! - here[j]!;
    const payload = compress(task, change, drawsOf(task));
    return { loss, values: noValues, payload, computeMs: 0 };
  };
  return {
    answer: (first) =>
      isAnswered(first)
        ? (place, task) => (isAnswered(task) ? replyTo(shards[place]!, task) : null)
        : null,
    add(more) {
      shards.push(...more);
      return true;
    },
  };
}

const noValues = new Float32Array(0);

function roomFor(length: number): WalkRoom {
  const doubles = () => new Float64Array(length);
  return { here: doubles(), velocity: null, at: new Float32Array(length), gradient: doubles() };
}
