/** A row-major matrix in double precision: the naive model that clever code is compared with. */
export interface DenseMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array<ArrayBuffer>;
}

export function matrix(
  rows: number,
  columns: number,
  entry: (i: number, j: number) => number = () => 0,
): DenseMatrix {
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) values[i * columns + j] = entry(i, j);
  return { rows, columns, values };
}

export function row(a: DenseMatrix, i: number): Float64Array<ArrayBuffer> {
  return a.values.subarray(i * a.columns, (i + 1) * a.columns);
}

export function product(a: DenseMatrix, b: DenseMatrix): DenseMatrix {
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
export function gram(a: DenseMatrix, chosen: Iterable<number> = Array(a.rows).keys()): DenseMatrix {
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
export function distanceToIdentity(a: DenseMatrix, factor: number): number {
  let worst = 0;
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < a.columns; j++)
      worst = Math.max(worst, Math.abs(a.values[i * a.columns + j]! - (i === j ? factor : 0)));
  return worst;
}
