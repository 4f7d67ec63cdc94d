import { hadamardResident } from "./kernels/transforms.ts";

/**
 * Fast Walsh-Hadamard transform down the columns: each of the `columns` columns of the row-major
 * `size` by `columns` matrix becomes H times itself, H the Sylvester matrix of order `size` (a
 * power of two), unnormalised. In place, `size log2(size)` additions a column.
 */
export function hadamardColumns(values: Float64Array, size: number, columns: number): void {
  if (hadamardResident(values, size, columns)) return;
  let half = 1;
  for (; 4 * half <= size; half *= 4) twoStages(values, size, columns, half);
  if (half < size) oneStage(values, size, columns, half);
}

function oneStage(values: Float64Array, size: number, columns: number, half: number): void {
  for (let block = 0; block < size; block += 2 * half) {
    for (let row = block; row < block + half; row++) {
      const upper = row * columns;
      const lower = (row + half) * columns;
      for (let j = 0; j < columns; j++) {
        const a = values[upper + j]!;
        const b = values[lower + j]!;
        values[upper + j] = a + b;
        values[lower + j] = a - b;
      }
    }
  }
}

/** Two stages in one pass over memory, with the same sums in the same order: the same bits. */
function twoStages(values: Float64Array, size: number, columns: number, half: number): void {
  const stride = half * columns;
  for (let block = 0; block < size; block += 4 * half) {
    for (let row = block; row < block + half; row++) {
      const first = row * columns;
      for (let at = first; at < first + columns; at++) {
        const a = values[at]!;
        const b = values[at + stride]!;
        const c = values[at + 2 * stride]!;
        const d = values[at + 3 * stride]!;
        const sum = a + b;
        const difference = a - b;
        const sumBelow = c + d;
        const differenceBelow = c - d;
        values[at] = sum + sumBelow;
        values[at + stride] = difference + differenceBelow;
        values[at + 2 * stride] = sum - sumBelow;
        values[at + 3 * stride] = difference - differenceBelow;
      }
    }
  }
}

/** Entry (i, j) of the Sylvester matrix: (-1) to the number of ones that i and j share. */
export function hadamardEntry(i: number, j: number): 1 | -1 {
  let shared = i & j;
  let sign: 1 | -1 = 1;
  for (; shared !== 0; shared &= shared - 1) sign = sign === 1 ? -1 : 1;
  return sign;
}

/** The smallest power of two that is at least `size`. */
export function powerOfTwoAtLeast(size: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, size)));
}

/**
 * Orthonormal Haar transform down the columns: each of the `columns` columns of the row-major
 * `size` by `columns` matrix becomes H times itself, H_1 = 1 and H_2a = [H_a x (1 1); I_a x (1 -1)]
 * / sqrt(2), `size` a power of two. In place, about 2 `size` additions a column.
 */
export function haarColumns(values: Float64Array, size: number, columns: number): void {
  const differences = new Float64Array((size / 2) * columns);
  for (let length = size; length > 1; length /= 2) {
    const half = length / 2;
    for (let i = 0; i < half; i++) {
      const left = 2 * i * columns;
      const right = left + columns;
      const to = i * columns;
      for (let j = 0; j < columns; j++) {
        const a = values[left + j]!;
        const b = values[right + j]!;
        values[to + j] = (a + b) * Math.SQRT1_2;
        differences[to + j] = (a - b) * Math.SQRT1_2;
      }
    }
    values.set(differences.subarray(0, half * columns), half * columns);
  }
}
