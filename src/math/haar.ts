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
