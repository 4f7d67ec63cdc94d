import { type Random, randomFrom } from "../core/random.ts";
import { dot } from "../math/vector.ts";
import { type DenseMatrix, gram, matrix, row } from "./dense.ts";
import { eigenvalues } from "./eigenvalues.ts";
import { below } from "./laws.ts";

/* A quadratic to go down: height(w) = (w - target)' H (w - target) / 2. */

export const bowlSize = 6;

/** H: symmetric, with eigenvalues between 1/2 and about 9. */
export function curvature(): DenseMatrix {
  const random = randomFrom("curvature");
  const a = matrix(bowlSize, bowlSize, () => random.normal() / 2);
  const squares = gram(a);
  const h = matrix(
    bowlSize,
    bowlSize,
    (i, j) => squares.values[i * bowlSize + j]! + (i === j ? 0.5 : 0),
  );
  below(eigenvalues(h).at(-1)!, 18, "the largest eigenvalue");
  return h;
}

export function bowlGradient(
  h: DenseMatrix,
  w: Float64Array,
  target: Float64Array,
): Float64Array<ArrayBuffer> {
  return times(
    h,
    w.map((value, j) => value - target[j]!),
  );
}

export function height(h: DenseMatrix, w: Float64Array, target: Float64Array): number {
  const apart = w.map((value, j) => value - target[j]!);
  return dot(apart, times(h, apart)) / 2;
}

export function times(a: DenseMatrix, v: Float64Array): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: a.rows }, (_, i) => dot(row(a, i), v));
}

export function normals(random: Random): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: bowlSize }, () => random.normal());
}
