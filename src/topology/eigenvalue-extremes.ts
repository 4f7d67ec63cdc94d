import { symmetricEigenvalues } from "../math/symmetric-eigenvalues.ts";

/** The lowest and the second highest eigenvalue of a symmetric matrix, to about 1e-14. */
export function extremes(
  matrix: Float64Array,
  size: number,
): { lowest: number; secondHighest: number } {
  const eigenvalue = symmetricEigenvalues(matrix, size);
  return { lowest: eigenvalue(0), secondHighest: eigenvalue(Math.max(0, size - 2)) };
}
