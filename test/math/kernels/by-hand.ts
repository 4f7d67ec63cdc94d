import { type Random, randomFrom } from "../../../src/core/random.ts";
import { allocateDenseRows, allocateSparseRows } from "../../../src/math/kernels/allocation.ts";
import { packedWasmMatrix } from "../../../src/math/kernels/packed-wasm-matrix.ts";
import { pack } from "../../../src/math/packing.ts";
import type { DenseRows, Examples, Rows, SparseRows } from "../../../src/math/rows.ts";

/** Sums as the definition has them, in double precision, with the sums of the absolute terms. */
export interface ByHand {
  readonly loss: number;
  readonly gradient: Float64Array;
  readonly margins: Float64Array;
  /** Sums of |x_ij| |slope_i| for each column, of |x_ij| |w_j| for each row. */
  readonly terms: Float64Array;
  readonly marginTerms: Float64Array;
}

export function byHand(
  loss: "leastSquares" | "logistic",
  { rows, targets, weights: counts }: Examples,
  weights: Float32Array,
): ByHand {
  const x = entries(rows);
  const margins = new Float64Array(rows.rows);
  const marginTerms = new Float64Array(rows.rows);
  const gradient = new Float64Array(rows.columns);
  const terms = new Float64Array(rows.columns);
  let total = 0;
  for (let i = 0; i < rows.rows; i++) {
    for (let j = 0; j < rows.columns; j++) {
      margins[i]! += x(i, j) * weights[j]!;
      marginTerms[i]! += Math.abs(x(i, j) * weights[j]!);
    }
    const [m, t] = [margins[i]!, targets[i]!];
    const count = counts?.[i] ?? 1;
    const slope = count * (loss === "leastSquares" ? m - t : 1 / (1 + Math.exp(-m)) - t);
    // The logistic loss in the two halves where its formula does not overflow.
    const soft = m > 0 ? m + Math.log1p(Math.exp(-m)) : Math.log1p(Math.exp(m));
    total += count * (loss === "leastSquares" ? (m - t) ** 2 / 2 : soft - t * m);
    for (let j = 0; j < rows.columns; j++) {
      gradient[j]! += x(i, j) * slope;
      terms[j]! += Math.abs(x(i, j) * slope);
    }
  }
  return { loss: total, gradient, margins, terms, marginTerms };
}

function entries(rows: Rows): (i: number, j: number) => number {
  if (rows.kind === "dense") {
    const { values, columns } = rows;
    return (i, j) => values[i * columns + j]!;
  }
  const known = new Map<number, number>();
  for (let i = 0; i < rows.rows; i++)
    for (let at = rows.offsets[i]!; at < rows.offsets[i + 1]!; at++)
      known.set(i * rows.columns + rows.indices[at]!, rows.values[at]!);
  return (i, j) => known.get(i * rows.columns + j) ?? 0;
}

/** Rows of normal values in a kernel's memory, whatever their number. */
export function residentRows(rows: number, columns: number, random: Random): DenseRows {
  const made = allocateDenseRows(rows, columns, 0);
  for (let at = 0; at < made.values.length; at++) made.values[at] = random.normal();
  return made;
}

/** Rows of normal values, packed, in a kernel's memory. */
export function residentPacked(
  storage: "bfloat16" | "int8",
  rows: number,
  columns: number,
  random: Random,
): DenseRows {
  const home = packedWasmMatrix(storage, rows, columns, 0)!;
  // In two pieces, as parts are read.
  for (const [from, to] of [[0, rows >> 1] as const, [rows >> 1, rows] as const]) {
    const values = normals((to - from) * columns, random);
    home.put(from, pack(storage, values, columns));
  }
  return home.rows;
}

/** The same rows in ordinary memory. */
export function ordinary<R extends Rows>(rows: R): R {
  return { ...rows, values: Float32Array.from(rows.values) };
}

/** Every entry is there with probability `density`. */
export function residentSparse(rows: number, columns: number, density: number): SparseRows {
  const random = randomFrom(rows + columns);
  const found: [number, number, number][] = [];
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      if (random.uniform() < density) found.push([i, j, random.normal()]);
  const made = allocateSparseRows(rows, columns, found.length, 0);
  for (const [at, [i, j, value]] of found.entries()) {
    made.values[at] = value;
    made.indices[at] = j;
    made.offsets[i + 1]! += 1;
  }
  for (let i = 0; i < rows; i++) made.offsets[i + 1]! += made.offsets[i]!;
  return made;
}

export function normals(length: number, random: Random): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, () => random.normal());
}

export function labels(length: number, random: Random): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, () => Number(random.uniform() < 0.5));
}
