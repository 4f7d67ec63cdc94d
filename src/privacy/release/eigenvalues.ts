/** A symmetric matrix's eigenvalues, ascending, with the vectors as rows in the same order. */
export interface SymmetricSpectrum {
  readonly values: Float64Array;
  readonly vectors: readonly Float64Array[];
}

/** Jacobi's rotations: slow and exact to the last digits, for the small matrices at hand. */
export function symmetricSpectrum(matrix: Float64Array, size: number): SymmetricSpectrum {
  const a = matrix.slice();
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  for (let sweep = 0; sweep < sweepsMax && offDiagonal(a, size) > 0; sweep++)
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, v, size, p, q);
  const order = Array.from({ length: size }, (_, i) => i).sort(
    (i, j) => a[i * size + i]! - a[j * size + j]!,
  );
  return {
    values: Float64Array.from(order, (i) => a[i * size + i]!),
    vectors: order.map((i) => Float64Array.from({ length: size }, (_, row) => v[row * size + i]!)),
  };
}

const sweepsMax = 60;

/** The sum of squares beside the diagonal, 0 once it no longer matters to it. */
function offDiagonal(a: Float64Array, size: number): number {
  let beside = 0;
  let on = 0;
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      if (i === j) on += a[i * size + j]! ** 2;
      else beside += a[i * size + j]! ** 2;
    }
  return beside <= on * 1e-30 ? 0 : beside;
}

/** Turns the plane of p and q so that a_pq vanishes. */
function rotate(a: Float64Array, v: Float64Array, size: number, p: number, q: number): void {
  const apq = a[p * size + q]!;
  if (apq === 0) return;
  const slope = (a[q * size + q]! - a[p * size + p]!) / (2 * apq);
  const t = (slope < 0 ? -1 : 1) / (Math.abs(slope) + Math.hypot(slope, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < size; k++) turn(a, k * size + p, k * size + q, c, s);
  for (let k = 0; k < size; k++) turn(a, p * size + k, q * size + k, c, s);
  for (let k = 0; k < size; k++) turn(v, k * size + p, k * size + q, c, s);
}

function turn(values: Float64Array, i: number, j: number, c: number, s: number): void {
  const x = values[i]!;
  const y = values[j]!;
  values[i] = c * x - s * y;
  values[j] = s * x + c * y;
}
