import { atSlot, type SlotMap, slotsOf } from "../../core/slot-map.ts";
import type { RowCounts } from "../decode.ts";

/**
 * V: how far the slots' own estimates of a mean lie about their mean, as a sample variance summed
 * over the coordinates. A slot's own estimate is its weighted sum times the number of slots.
 */
export function varianceOf(
  { encoding, storedRows, rows }: RowCounts,
  replies: SlotMap<{ readonly values: Float32Array | Float64Array }>,
  mean: Float64Array,
): number {
  const slots = slotsOf(replies);
  const weights = encoding.weights(slots, storedRows, rows);
  if (weights === null || slots.length < 2) return 0;
  const factor = slots.length / rows;
  let sum = 0;
  for (const [i, slot] of slots.entries()) {
    const { values } = atSlot(replies, slot)!;
    const weight = weights[i]! * factor;
    for (let j = 0; j < mean.length; j++) sum += (weight * values[j]! - mean[j]!) ** 2;
  }
  return sum / (slots.length - 1);
}
