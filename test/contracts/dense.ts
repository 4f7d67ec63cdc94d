/** A row-major matrix in double precision: the naive model that clever code is compared with. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array<ArrayBuffer>;
}

export function matrix(
  rows: number,
  columns: number,
  entry: (i: number, j: number) => number = () => 0,
): Matrix {
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) values[i * columns + j] = entry(i, j);
  return { rows, columns, values };
}

export function row(a: Matrix, i: number): Float64Array<ArrayBuffer> {
  return a.values.subarray(i * a.columns, (i + 1) * a.columns);
}

export function product(a: Matrix, b: Matrix): Matrix {
  const out = matrix(a.rows, b.columns);
  for (let i = 0; i < a.rows; i++) {
    const target = row(out, i);
    for (let k = 0; k < a.columns; k++) {
      const factor = a.values[i * a.columns + k]!;
      if (factor === 0) continue;
      const source = row(b, k);
      for (let j = 0; j < b.columns; j++) target[j]! += factor * source[j]!;
    }
  }
  return out;
}

/** A'A over the chosen rows of A. */
export function gram(a: Matrix, chosen: Iterable<number> = Array(a.rows).keys()): Matrix {
  const out = matrix(a.columns, a.columns);
  for (const i of chosen) {
    const source = row(a, i);
    for (let j = 0; j < a.columns; j++) {
      const factor = source[j]!;
      if (factor === 0) continue;
      const target = row(out, j);
      for (let k = 0; k < a.columns; k++) target[k]! += factor * source[k]!;
    }
  }
  return out;
}

/** The largest difference between an entry of A and that of `factor` I. */
export function distanceToIdentity(a: Matrix, factor: number): number {
  let worst = 0;
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < a.columns; j++)
      worst = Math.max(worst, Math.abs(a.values[i * a.columns + j]! - (i === j ? factor : 0)));
  return worst;
}

/** The solution of A x = b for a symmetric positive definite A, by Cholesky factors. */
export function solve(a: Matrix, b: Float64Array): Float64Array<ArrayBuffer> {
  const n = a.rows;
  const lower = a.values.slice();
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = lower[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(sum) : sum / lower[j * n + j]!;
    }
  }
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i * n + k]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k * n + i]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  return x;
}
