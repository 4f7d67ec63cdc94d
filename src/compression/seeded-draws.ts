import { type Random, randomFrom } from "../core/random.ts";
import { hadamardColumns, powerOfTwoAtLeast } from "../math/transforms.ts";
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

/** H D x / sqrt(N): random signs, then the Hadamard matrix of the next power of two, N. */
export function rotate(vector: Float32Array, seed: Seed): Float32Array<ArrayBuffer> {
  const size = powerOfTwoAtLeast(vector.length);
  const values = new Float64Array(size);
  values.set(vector);
  flip(values, vector.length, seed);
  hadamardColumns(values, size, 1);
  return scaledToFloats(values, size);
}

/** The first `length` entries of D H y / sqrt(N), which undoes `turned`. */
export function unrotate(
  values: Float32Array,
  length: number,
  seed: Seed,
): Float32Array<ArrayBuffer> {
  const back = new Float64Array(values);
  hadamardColumns(back, back.length, 1);
  flip(back, length, seed);
  return scaledToFloats(back, back.length).slice(0, length);
}

/** A draw decides about 32 entries. */
function flip(values: Float64Array, length: number, seed: Seed): void {
  const random = seededRandom(seed);
  for (let from = 0; from < length; from += 32) {
    const signs = random.integer(2 ** 32) | 0;
    const to = Math.min(length, from + 32);
    for (let i = from; i < to; i++) if ((signs >>> (i - from)) & 1) values[i] = -values[i]!;
  }
}

/** Zeros without a sign. */
function scaledToFloats(values: Float64Array, size: number): Float32Array<ArrayBuffer> {
  const factor = 1 / Math.sqrt(size);
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = values[i]! * factor + 0;
  return out;
}
