import { hadamardColumns, powerOfTwoAtLeast } from "../math/transforms.ts";
import type { Seed } from "./payload-model.ts";
import { seededRandom } from "./seeded-positions.ts";

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
