import type { Random } from "../core/random.ts";

/**
 * Deals `count` things to `slots` slots at random: each run of `slots` things goes to every slot
 * once, in fresh random order, so shares differ by one at most.
 */
export function assignSlots(count: number, slots: number, random: Random): Uint16Array {
  const dealt = new Uint16Array(count);
  for (let start = 0; start < count; start += slots) {
    const order = random.permutation(slots);
    const end = Math.min(slots, count - start);
    for (let j = 0; j < end; j++) dealt[start + j] = order[j]!;
  }
  return dealt;
}
