import type { BlocksState } from "./state.ts";

/** What a round sends to every slot. */
export interface SentNumbers {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly predictions: Float32Array<ArrayBuffer>;
}

/** Rounds each state's numbers once: all tasks of a round carry the same two arrays. */
export function inSinglePrecision(): (state: BlocksState) => SentNumbers {
  const rounded = new WeakMap<object, SentNumbers>();
  return ({ predictions, weights }) => {
    const before = rounded.get(predictions);
    if (before !== undefined) return before;
    const sent = {
      weights: Float32Array.from(weights),
      predictions: Float32Array.from(predictions),
    };
    rounded.set(predictions, sent);
    return sent;
  };
}
