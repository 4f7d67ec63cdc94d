import { assert } from "../../core/errors.ts";
import { firstFree, type Instance, instantiate } from "./instance.ts";

const countsBytes = 8192;

/**
 * The indices, ascending, of the `count` entries of greatest magnitude; of equals those of lower
 * index. NaN is greater than all, so that it is seen.
 */
export function largestMagnitudes(vector: Float32Array, count: number): Uint32Array<ArrayBuffer> {
  assert(count >= 0 && count <= vector.length, "no more than there are");
  if (count === 0) return new Uint32Array(0);
  const bytes = 4 * vector.length;
  const [counts, values] = [firstFree, firstFree + countsBytes];
  const { memory, kernels } = scratch(countsBytes + 3 * bytes);
  new Float32Array(memory, values, vector.length).set(vector);
  const [candidates, out] = [values + bytes, values + 2 * bytes];
  kernels.selectLargest(values, vector.length, count, out, candidates, counts);
  return new Uint32Array(memory, out, count).slice() as Uint32Array<ArrayBuffer>;
}

/** Levels from -(2^(bits-1) - 1) to 2^(bits-1) - 1, packed without gaps, lowest bits first. */
export interface QuantizedLevels {
  readonly packed: Uint8Array<ArrayBuffer>;
  readonly length: number;
  /** From 2 to 16. */
  readonly bits: number;
  /** What one level stands for: entries are off by at most half of it, dithered ones by all. */
  readonly unit: number;
}

/**
 * Rounds a vector to levels, the greatest magnitude to the last. With a `dither` of uniform numbers
 * in [0, 1), one for each entry, the expectation of what is rounded is the entry itself.
 */
export function packLevels(
  vector: Float32Array,
  bits: number,
  dither?: Float32Array,
): QuantizedLevels {
  assert(Number.isInteger(bits) && bits >= 2 && bits <= 16, "levels have 2 to 16 bits");
  assert(dither === undefined || dither.length === vector.length, "a dither for each entry");
  const { length } = vector;
  const bytes = 4 * length;
  const packedBytes = Math.ceil((length * bits) / 8);
  const { memory, kernels } = scratch(2 * bytes + packedBytes);
  const [values, dithers, out] = [firstFree, firstFree + bytes, firstFree + 2 * bytes];
  new Float32Array(memory, values, length).set(vector);
  if (dither !== undefined) new Float32Array(memory, dithers, length).set(dither);
  const unit = kernels.greatest(values, length) / (2 ** (bits - 1) - 1);
  const inverse = unit === 0 ? 0 : 1 / unit;
  kernels.packLevels(values, length, inverse, bits, dither === undefined ? 0 : dithers, out);
  const packed = new Uint8Array(packedBytes);
  packed.set(new Uint8Array(memory, out, packedBytes));
  return { packed, length, bits, unit };
}

/** The vector that levels stand for. Throws nothing: any bytes are levels. */
export function unpackLevels({
  packed,
  length,
  bits,
  unit,
}: QuantizedLevels): Float32Array<ArrayBuffer> {
  assert(packed.length === Math.ceil((length * bits) / 8), "as many bytes as levels need");
  const { memory, kernels } = scratch(packed.length + 4 * length + 4);
  const out = firstFree + Math.ceil(packed.length / 4) * 4;
  new Uint8Array(memory, firstFree, packed.length).set(packed);
  kernels.unpackLevels(firstFree, length, unit, bits, out);
  const vector = new Float32Array(length);
  vector.set(new Float32Array(memory, out, length));
  return vector;
}

let kept: Instance | undefined;

/** A memory with room for `bytes` from the first free address on; it is used again. */
function scratch(bytes: number): Instance {
  const needed = firstFree + bytes;
  if (kept === undefined || kept.memory.byteLength < needed) kept = instantiate(needed);
  return kept;
}
