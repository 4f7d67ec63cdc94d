import { expect } from "vitest";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { dot } from "../../src/math/vector.ts";
import { gram, type Matrix, matrix, row } from "./dense.ts";
import { eigenvalues } from "./eigenvalues.ts";

export const size = 6;

/** A symmetric curvature whose eigenvalues lie between 1/2 and about 9. */
export function curvature(): Matrix {
  const random = randomFrom("curvature");
  const a = matrix(size, size, () => random.normal() / 2);
  const squares = gram(a);
  const h = matrix(size, size, (i, j) => squares.values[i * size + j]! + (i === j ? 0.5 : 0));
  expect(eigenvalues(h).at(-1)!).toBeLessThan(18);
  return h;
}

export function gradientAt(
  h: Matrix,
  w: Float64Array,
  target: Float64Array,
): Float64Array<ArrayBuffer> {
  return times(
    h,
    w.map((value, j) => value - target[j]!),
  );
}

export function height(h: Matrix, w: Float64Array, target: Float64Array): number {
  const apart = w.map((value, j) => value - target[j]!);
  return dot(apart, times(h, apart)) / 2;
}

export function times(a: Matrix, v: Float64Array): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: a.rows }, (_, i) => dot(row(a, i), v));
}

export function normals(random: Random): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: size }, () => random.normal());
}
