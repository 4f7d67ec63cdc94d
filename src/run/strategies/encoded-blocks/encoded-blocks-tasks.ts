import type { BlockTask } from "../../messages.ts";
import { nameOf } from "../asking.ts";
import type { Missing } from "../quorum.ts";
import type { BlocksState } from "./encoded-blocks-state.ts";

/** What a round sends, in single precision. */
export interface Sent {
  readonly weights: Float32Array<ArrayBuffer>;
  task(missing: Missing): BlockTask;
}

/**
 * What each state's round asks, made once: all tasks carry the same two arrays. Whatever is asked
 * later is asked at other predictions.
 */
export function sentOnce(): (state: BlocksState) => Sent {
  const known = new WeakMap<object, Sent>();
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
): Sent {
  const known = new Map<string, BlockTask>();
  return {
    weights,
    task(missing) {
      const { slot, notBeforeMs } = missing;
      const id = `round-${round}/block/${nameOf(missing)}`;
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
