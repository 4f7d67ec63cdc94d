import { type Random, randomFrom } from "../core/random.ts";
import type { Seed } from "./payload-model.ts";

/** A seed for the receiver, drawn by the sender. */
export function seedFrom(random: Random): Seed {
  return [random.integer(2 ** 32), random.integer(2 ** 32)];
}

export function seededRandom([high, low]: Seed): Random {
  return randomFrom(`${high}.${low}`);
}

/** `count` of the positions 0 to length - 1, each set of them as likely as any other; ascending. */
export function seededPositions(
  count: number,
  length: number,
  seed: Seed,
): Uint32Array<ArrayBuffer> {
  const random = seededRandom(seed);
  // Floyd's way: no list of all positions is needed.
  const chosen = new Set<number>();
  for (let last = length - count; last < length; last++) {
    const one = random.integer(last + 1);
    chosen.add(chosen.has(one) ? last : one);
  }
  return Uint32Array.from(chosen).sort();
}
