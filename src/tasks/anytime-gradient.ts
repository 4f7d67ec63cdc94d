import { type Random, randomFrom } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import { scratchArray } from "../math/vector.ts";
import { workerRoles } from "../store-effects.ts";
import { gatherExamples } from "./minibatch.ts";
import type { RoundTask, TaskKind } from "./task-kind.ts";
import { invalidSums } from "./valid-reply.ts";

/** The sums of losses and gradients at `weights`, over as many rows as there is time for. */
export interface AnytimeGradientTask extends RoundTask {
  readonly operation: "anytime-gradient";
  /** From the start of the invocation. */
  readonly timeMs: number;
  /** Rows between two looks at the clock; a block that has begun is finished. */
  readonly block: number;
  /** The most rows, which the slot stores. */
  readonly rowsMax: number;
  /** All that the slot stores. */
  readonly storedRows: number;
  readonly seed: number;
}

const room = scratchArray();

/**
 * Goes through the slot's rows in an order that is drawn for slot and round, block by block, until
 * the time is up; the first block is done in any case. The reply says how many rows it is of, and a
 * task that names a number takes exactly so many of the same order.
 */
export const anytimeGradient: TaskKind<AnytimeGradientTask, Examples> = {
  load: (place) => place.shard(),
  compute(problem, examples, task, hold = copied, elapsedMs = () => 0) {
    const { weights, seed, round, slot, block, timeMs } = task;
    const most = Math.min(task.exactRows ?? task.rowsMax, examples.targets.length);
    const random = randomFrom(seed).fork(`anytime/${round}/slot/${slot}`);
    const next = shuffled(examples.targets.length, random.fork("order"));
    const isOver = () => task.exactRows === undefined && elapsedMs() >= timeMs;
    const sum = room(weights.length).fill(0);
    let [loss, rows] = [0, 0];
    while (rows < most && (rows === 0 || !isOver())) {
      const places = Array.from({ length: Math.min(block, most - rows) }, next);
      const draws = random.fork(`block/${rows}`);
      loss += problem.lossAndGradient(gatherExamples(examples, places), weights, sum, draws);
      rows += places.length;
    }
    return { loss, values: hold(sum), rows };
  },
  withinTime(task, lateMs, shardMs) {
    if (task.exactRows !== undefined) return task;
    const { timeMs, block, rowsMax, storedRows } = task;
    const inTime = (storedRows * (timeMs - lateMs)) / Math.max(shardMs, Number.MIN_VALUE);
    const exactRows = Math.min(rowsMax, block * Math.max(1, Math.ceil(inTime / block)));
    return { ...task, exactRows };
  },
  validate({ weights, rowsMax }, reply) {
    const { rows = Number.NaN } = reply;
    const isCount = Number.isInteger(rows) && rows >= 0 && rows <= rowsMax;
    if (!isCount) return `its reply is of ${rows} rows, not 0 to ${rowsMax}`;
    return invalidSums(reply, weights.length);
  },
  size: {
    requestArrays: ({ weights }) => [weights.byteLength],
    replyBytes: ({ weights }) => weights.byteLength,
    entries: ({ exactRows, rowsMax, storedRows }, entriesPerSlot) =>
      (entriesPerSlot * (exactRows ?? rowsMax)) / Math.max(1, storedRows),
  },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};

function copied(values: Float64Array): Float32Array {
  return new Float32Array(values);
}

/** A random order of 0 to `count` - 1, drawn as far as it is asked for (Fisher-Yates). */
function shuffled(count: number, random: Random): () => number {
  const moved = new Map<number, number>();
  let drawn = 0;
  return () => {
    const from = drawn + random.integer(count - drawn);
    const place = moved.get(from) ?? from;
    moved.set(from, moved.get(drawn) ?? drawn);
    drawn++;
    return place;
  };
}
