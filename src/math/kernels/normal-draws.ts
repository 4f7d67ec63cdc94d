import { instantiateRows, type RowsInstance } from "./instance.ts";

/** Words and numbers at once. */
const wordsMax = 20_480;
const numbersMax = 2_048;

const state = 1_024;
const words = state + 8;
const numbers = words + 4 * wordsMax;
const end = numbers + 8 * numbersMax;

/**
 * Fills `out` with discrete normal integers of deviation `sigma`, a whole number of steps up to
 * 2^31, from these uniform words, or its first part where one of them would need more words. Tells
 * how many were drawn and how many words they took: see `wasm/normal-draws.as`.
 */
export function drawNormals(
  sigma: number,
  given: Uint32Array,
  out: Float64Array,
): { readonly drawn: number; readonly read: number } {
  const { memory, kernels } = scratch();
  const held = given.subarray(0, wordsMax);
  new Uint32Array(memory, words, held.length).set(held);
  const most = Math.min(out.length, numbersMax);
  const drawn = kernels.normalDraws(words, words + 4 * held.length, sigma, numbers, most, state);
  out.set(new Float64Array(memory, numbers, drawn));
  return { drawn, read: (new Uint32Array(memory, state, 1)[0]! - words) / 4 };
}

let kept: RowsInstance | undefined;

function scratch(): RowsInstance {
  kept ??= instantiateRows(end);
  return kept;
}
