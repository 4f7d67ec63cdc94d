import type { Encoding } from "../../src/encoding/encoding.ts";
import { dot } from "../../src/math/vector.ts";
import { type DenseMatrix, matrix, product, row } from "../../src/testing/dense.ts";
import type { StoredCode } from "../../src/testing/stored-code.ts";

/** X'X and X'y, of which the gradients of least squares are made. */
export interface Normal {
  readonly squares: DenseMatrix;
  readonly right: Float64Array;
}

/** Each row counts once, or as often as told. */
export function normalOf(x: DenseMatrix, y: Float64Array, counts?: Float64Array): Normal {
  const weighed = matrix(x.rows, x.columns, (i, j) => (counts?.[i] ?? 1) * row(x, i)[j]!);
  const right = new Float64Array(x.columns);
  const squares = matrix(x.columns, x.columns);
  for (let i = 0; i < x.rows; i++) {
    const source = row(x, i);
    for (const [j, factor] of row(weighed, i).entries()) {
      right[j]! += factor * y[i]!;
      if (factor === 0) continue;
      const target = row(squares, j);
      for (let k = 0; k < x.columns; k++) target[k]! += factor * source[k]!;
    }
  }
  return { squares, right };
}

/** Each slot's X_i'W X_i and X_i'W y_i, of which its gradients are made; W is what rows count. */
export function normalBySlot(code: StoredCode, x: DenseMatrix, y: Float64Array): Normal[] {
  const stored = product(code.s, x);
  const targets = product(code.s, { rows: y.length, columns: 1, values: Float64Array.from(y) });
  return code.shares.map((_, slot) => {
    const held = [...code.slots.keys()].filter((i) => code.slots[i] === slot);
    const mine = matrix(held.length, x.columns, (i, j) => row(stored, held[i]!)[j]!);
    const counts = Float64Array.from(held, (i) => code.weights[i]!);
    return normalOf(
      mine,
      Float64Array.from(held, (i) => targets.values[i]!),
      counts,
    );
  });
}

export function weightsOf(
  encoding: Encoding,
  code: StoredCode,
  arrived: readonly number[],
): Float64Array {
  const weights = new Float64Array(code.shares.length);
  const given = encoding.weights(arrived, code.shares, code.s.columns)!;
  for (const [i, slot] of arrived.entries()) weights[slot] = given[i]!;
  return weights;
}

export function sumOf(normal: readonly Normal[], weights: Float64Array): Normal {
  const squares = matrix(normal[0]!.squares.rows, normal[0]!.squares.columns);
  const right = new Float64Array(squares.rows);
  for (const [slot, part] of normal.entries()) {
    const weight = weights[slot]!;
    if (weight === 0) continue;
    for (let i = 0; i < squares.values.length; i++)
      squares.values[i]! += weight * part.squares.values[i]!;
    for (let j = 0; j < right.length; j++) right[j]! += weight * part.right[j]!;
  }
  return { squares, right };
}

export function gradientAt({ squares, right }: Normal, w: Float64Array): Float64Array {
  return right.map((value, j) => dot(row(squares, j), w) - value);
}

export function objective(x: DenseMatrix, y: Float64Array, w: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.rows; i++) sum += (dot(row(x, i), w) - y[i]!) ** 2;
  return sum;
}
