import type { Flat } from "./core.ts";

/** Of the quintic step, which lifts singular values fast, to about 0.7 to 1.2. */
const [a, b, c] = [3.4445, -4.775, 2.0315];

/**
 * About the nearest matrix with orthonormal rows (or columns) to `matrix`, rows x columns,
 * row-major: X / |X|, then five times X <- aX + (bA + cA^2)X with A = XX', on its wide side.
 */
export function orthogonalized(matrix: Flat, rows: number, columns: number): Flat {
  const isTall = rows > columns;
  let x = isTall ? transposed(matrix, rows, columns) : matrix.slice();
  const [m, n] = isTall ? [columns, rows] : [rows, columns];
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i]! * x[i]!;
  const scale = 1 / (Math.sqrt(squares) + 1e-7);
  for (let i = 0; i < x.length; i++) x[i]! *= scale;
  for (let step = 0; step < 5; step++) x = lifted(x, m, n);
  return isTall ? transposed(x, m, n) : x;
}

function lifted(x: Flat, m: number, n: number): Flat {
  const gram = gramOf(x, m, n);
  const mix = product(gram, gram, m, m, m);
  for (let i = 0; i < mix.length; i++) mix[i] = b * gram[i]! + c * mix[i]!;
  const next = product(mix, x, m, m, n);
  for (let i = 0; i < next.length; i++) next[i]! += a * x[i]!;
  return next;
}

/** XX', m x m. */
function gramOf(x: Flat, m: number, n: number): Flat {
  return product(x, transposed(x, m, n), m, n, m);
}

/** rows x inner times inner x columns: four rows of the right one at a time. */
function product(left: Flat, right: Flat, rows: number, inner: number, columns: number): Flat {
  const out = new Float64Array(rows * columns);
  const whole = inner - (inner % 4);
  for (let i = 0; i < rows; i++) {
    const to = i * columns;
    for (let k = 0; k < whole; k += 4) {
      const at = i * inner + k;
      const a0 = left[at]!;
      const a1 = left[at + 1]!;
      const a2 = left[at + 2]!;
      const a3 = left[at + 3]!;
      const from = k * columns;
      for (let j = 0; j < columns; j++) {
        const r = from + j;
        out[to + j]! +=
          a0 * right[r]! +
          a1 * right[r + columns]! +
          a2 * right[r + 2 * columns]! +
          a3 * right[r + 3 * columns]!;
      }
    }
    for (let k = whole; k < inner; k++) {
      const factor = left[i * inner + k]!;
      for (let j = 0; j < columns; j++) out[to + j]! += factor * right[k * columns + j]!;
    }
  }
  return out;
}

function transposed(x: Flat, rows: number, columns: number): Flat {
  const out = new Float64Array(x.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = x[i * columns + j]!;
  return out;
}
