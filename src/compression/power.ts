import * as z from "zod";
import type { Random } from "../core/random.ts";
import { define } from "../core/registry.ts";
import { type Compressor, composed } from "./compressor.ts";
import { payloadOf } from "./payload.ts";
import { exactly, isTold } from "./quantizers.ts";
import { everything } from "./selections.ts";

/**
 * A matrix M as P (M'P)', P an orthonormal basis of what M makes of r random directions: the
 * projection of M to those, so that nothing is ever added. The factors are float32: P is rounded
 * before M'P is made, which keeps the error of that out. In expectation at least 1 / min(rows,
 * columns) of |M|^2 is kept. What is no matrix, or too small to gain, goes as it is.
 */
export const power = define({
  name: "power",
  summary: "each matrix by its best r directions, (rows + columns) r numbers; vectors as they are",
  reference: "Vogels, Karimireddy, Jaggi, NeurIPS 2019: PowerSGD",
  options: {
    rank: z.int().min(1).max(1_000).default(2).describe("r: how many directions are kept"),
    iterations: z
      .int()
      .min(1)
      .max(10)
      .default(2)
      .describe("how often directions are refined by the sender; more cost no bytes"),
  },
  examples: [{}, { rank: 1, iterations: 1 }],
  create: ({ rank, iterations }): Compressor => {
    const whole = composed(everything, exactly);
    return {
      contraction(length, shape = [length]) {
        const { rows, columns } = matrixOf(shape);
        return isWorth(rows, columns, rank) ? 1 / Math.min(rows, columns) : 1;
      },
      compress(vector, random, shape = [vector.length]) {
        const { rows, columns } = matrixOf(shape);
        if (!isWorth(rows, columns, rank)) return whole.compress(vector, random);
        const product = factors({ values: vector, rows, columns }, rank, iterations, random);
        if (product === null) return whole.compress(vector, random);
        return payloadOf({ kind: "product", rows, columns, rank, ...product });
      },
    };
  },
});

interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Every axis but the first lies along the columns. */
function matrixOf(shape: readonly number[]): { readonly rows: number; readonly columns: number } {
  const [rows = 1, ...rest] = shape;
  return { rows, columns: rest.reduce((product, size) => product * size, 1) };
}

function isWorth(rows: number, columns: number, rank: number): boolean {
  return (rows + columns) * rank < rows * columns;
}

/** Null where entries are no numbers, or too large ones. */
function factors(matrix: Matrix, rank: number, iterations: number, random: Random) {
  const { rows, columns } = matrix;
  let right = Float64Array.from({ length: columns * rank }, () => random.normal());
  let left = new Float32Array(rows * rank);
  for (let i = 0; i < iterations; i++) {
    left = Float32Array.from(orthonormal(times(matrix, right, rank), rows, rank));
    right = transposedTimes(matrix, left, rank);
  }
  // An entry of the product is at most so many times the largest of these.
  if (!left.every(Number.isFinite) || !right.every((value) => isTold(rank * value))) return null;
  return { left, right: Float32Array.from(right) };
}

function times({ values, rows, columns }: Matrix, right: Float64Array, rank: number) {
  const out = new Float64Array(rows * rank);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const entry = values[i * columns + j]!;
      for (let r = 0; r < rank; r++) out[i * rank + r]! += entry * right[j * rank + r]!;
    }
  return out;
}

function transposedTimes({ values, rows, columns }: Matrix, left: Float32Array, rank: number) {
  const out = new Float64Array(columns * rank);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const entry = values[i * columns + j]!;
      for (let r = 0; r < rank; r++) out[j * rank + r]! += entry * left[i * rank + r]!;
    }
  return out;
}

/** Its columns made orthonormal in place, one after another and twice; what is dependent is 0. */
function orthonormal(values: Float64Array<ArrayBuffer>, rows: number, rank: number) {
  for (let r = 0; r < rank; r++) {
    const before = lengthOf(values, rows, rank, r);
    for (let pass = 0; pass < 2; pass++)
      for (let other = 0; other < r; other++) {
        let product = 0;
        for (let i = 0; i < rows; i++) product += values[i * rank + r]! * values[i * rank + other]!;
        for (let i = 0; i < rows; i++) values[i * rank + r]! -= product * values[i * rank + other]!;
      }
    const length = lengthOf(values, rows, rank, r);
    // NaN stays, so that it is seen.
    const factor = length <= 1e-9 * before ? 0 : 1 / length;
    for (let i = 0; i < rows; i++) values[i * rank + r]! *= factor;
  }
  return values;
}

function lengthOf(values: Float64Array, rows: number, rank: number, r: number): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += values[i * rank + r]! ** 2;
  return Math.sqrt(sum);
}
