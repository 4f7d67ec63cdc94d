import type { PendingSlot } from "../../quorum/quorum.ts";
import { taskNameOf } from "../../quorum/task-cache.ts";
import type { BlockUpdateTask } from "../../tasks/protocol.ts";
import type { BlocksState } from "./state.ts";

/** What a round sends, in single precision. */
export interface BlockRequest {
  readonly weights: Float32Array<ArrayBuffer>;
  task(missing: PendingSlot): BlockUpdateTask;
}

/**
 * What each state's round asks, made once: all tasks carry the same two arrays. Whatever is asked
 * later is asked at other predictions.
 */
export function blockTaskCache(): (state: BlocksState) => BlockRequest {
  const known = new WeakMap<object, BlockRequest>();
  return ({ round, predictions, weights }) => {
    const before = known.get(predictions);
    if (before !== undefined) return before;
    const sent = sentOf(
      round,
      Float32Array.from(weights) as Float32Array<ArrayBuffer>,
      Float32Array.from(predictions) as Float32Array<ArrayBuffer>,
    );
    known.set(predictions, sent);
    return sent;
  };
}

function sentOf(
  round: number,
  weights: Float32Array<ArrayBuffer>,
  predictions: Float32Array<ArrayBuffer>,
): BlockRequest {
  const known = new Map<string, BlockUpdateTask>();
  return {
    weights,
    task(missing) {
      const { slot, notBeforeMs } = missing;
      const id = `round-${round}/block/${taskNameOf(missing)}`;
      const before = known.get(id);
      if (before?.notBeforeMs === notBeforeMs) return before;
      const task = {
        operation: "block",
        id,
        slot,
        round,
        notBeforeMs,
        weights,
        predictions,
      } as const;
      known.set(id, task);
      return task;
    },
  };
}
