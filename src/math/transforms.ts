/**
 * Fast Walsh-Hadamard transform down the columns: each of the `columns` columns of the row-major
 * `size` by `columns` matrix becomes H times itself, H the Sylvester matrix of order `size` (a
 * power of two), unnormalised. In place, `size log2(size)` additions a column.
 */
export function hadamardColumns(values: Float64Array, size: number, columns: number): void {
  for (let half = 1; half < size; half *= 2) {
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
