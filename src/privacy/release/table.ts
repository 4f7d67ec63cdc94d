import { symmetricSpectrum } from "./eigenvalues.ts";

/** D = [X y] in double precision, row-major: features and the target last. */
export interface DataTable {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/** D'D, columns by columns. */
export function gramOfTable({ rows, columns, values }: DataTable): Float64Array {
  const gram = new Float64Array(columns * columns);
  for (let i = 0; i < rows; i++) {
    const at = i * columns;
    for (let p = 0; p < columns; p++)
      for (let q = 0; q <= p; q++) gram[p * columns + q]! += values[at + p]! * values[at + q]!;
  }
  for (let p = 0; p < columns; p++)
    for (let q = 0; q < p; q++) gram[q * columns + p] = gram[p * columns + q]!;
  return gram;
}

/** The smallest eigenvalue of D'D, never below 0. */
export function leastEigenvalue(table: DataTable): number {
  return Math.max(0, symmetricSpectrum(gramOfTable(table), table.columns).values[0]!);
}

/**
 * min over i of the smallest eigenvalue of D'D without row i: what the others hide of it in the
 * direction where they hide least. Itself private: use it as it is only where it is public.
 */
export function leastEigenvalueWithoutAny(table: DataTable): number {
  const { rows, columns, values } = table;
  const { values: w, vectors } = symmetricSpectrum(gramOfTable(table), columns);
  const squares = new Float64Array(columns);
  let least = w[0]!;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let product = 0;
      for (let k = 0; k < columns; k++) product += vectors[j]![k]! * values[i * columns + k]!;
      squares[j] = product * product;
    }
    if (lossAt(least, w, squares) < 0) least = downdated(w, squares);
  }
  return Math.max(0, least);
}

/**
 * 1 - sum of z_j^2 / (w_j - x), which falls as x goes up to w_0; its root is the smallest
 * eigenvalue of G - d d' in terms of those of G.
 */
function lossAt(x: number, w: Float64Array, squares: Float64Array): number {
  let sum = 1;
  for (let j = 0; j < w.length; j++) {
    if (squares[j] === 0) continue;
    const gap = w[j]! - x;
    if (gap <= 0) return Number.NEGATIVE_INFINITY;
    sum -= squares[j]! / gap;
  }
  return sum;
}

function downdated(w: Float64Array, squares: Float64Array): number {
  let total = 0;
  for (const square of squares) total += square;
  let low = w[0]! - total;
  let high = w[0]!;
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (lossAt(middle, w, squares) < 0) high = middle;
    else low = middle;
  }
  return low;
}
