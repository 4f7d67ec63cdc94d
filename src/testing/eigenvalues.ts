import { symmetricEigenvalues } from "../math/symmetric-eigenvalues.ts";
import type { DenseMatrix } from "./dense.ts";

/** The eigenvalues of a symmetric matrix, ascending, to about 1e-14 of the largest. */
export function eigenvalues({ values, rows }: DenseMatrix): Float64Array {
  const eigenvalue = symmetricEigenvalues(values, rows);
  return Float64Array.from({ length: rows }, (_, index) => eigenvalue(index));
}
