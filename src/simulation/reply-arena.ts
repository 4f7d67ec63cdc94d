import type { Allocator } from "../tasks/task-kind.ts";

const slabLength = 16_384;
const valuesMax = 1_024;

/**
 * Keeps the short replies of many simulated workers side by side in one memory: a memory for each
 * of ten million would cost more than computing them. Not for replies that travel.
 */
export function replyArena(): Allocator {
  let slab = new Float32Array(slabLength);
  let used = 0;
  return (values) => {
    const { length } = values;
    if (length > valuesMax) return new Float32Array(values);
    if (used + length > slabLength) {
      slab = new Float32Array(slabLength);
      used = 0;
    }
    const held = slab.subarray(used, used + length);
    used += length;
    for (let i = 0; i < length; i++) held[i] = values[i]!;
    return held;
  };
}
