/**
 * The eigenvalues of a symmetric matrix of `size` x `size` numbers, row by row: a function of their
 * place, 0 for the lowest. To about 1e-14 of the largest, by bisection of a tridiagonal form.
 */
export function symmetricEigenvalues(
  matrix: Float64Array,
  size: number,
): (index: number) => number {
  const { diagonal, beside } = tridiagonal(matrix, size);
  let bound = 0;
  for (let i = 0; i < size; i++)
    bound = Math.max(bound, Math.abs(diagonal[i]!) + beside[i]! + (beside[i + 1] ?? 0));
  return (index) => {
    let low = -bound;
    let high = bound;
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (below(diagonal, beside, middle) > index) high = middle;
      else low = middle;
    }
    return (low + high) / 2;
  };
}

/**
 * Householder reflections from the last row up: T = Q'AQ has the same eigenvalues. `beside[i]` is
 * |T(i, i-1)|, whose sign eigenvalues do not see.
 */
function tridiagonal(a: Float64Array, n: number) {
  const t = a.slice();
  const beside = new Float64Array(n);
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  for (let i = n - 1; i > 0; i--) {
    let squares = 0;
    for (let k = 0; k < i; k++) squares += t[i * n + k]! ** 2;
    const length = Math.sqrt(squares);
    beside[i] = length;
    const pivot = t[i * n + i - 1]!;
    const half = length * (length + Math.abs(pivot));
    if (half === 0) continue;
    for (let k = 0; k < i - 1; k++) v[k] = t[i * n + k]!;
    v[i - 1] = pivot + (pivot < 0 ? -length : length);
    let inner = 0;
    for (let k = 0; k < i; k++) {
      let sum = 0;
      for (let j = 0; j < i; j++) sum += t[k * n + j]! * v[j]!;
      p[k] = sum / half;
      inner += p[k]! * v[k]!;
    }
    const shift = inner / (2 * half);
    for (let k = 0; k < i; k++) p[k]! -= shift * v[k]!;
    for (let k = 0; k < i; k++)
      for (let j = 0; j < i; j++) t[k * n + j]! -= v[k]! * p[j]! + p[k]! * v[j]!;
  }
  return { diagonal: Float64Array.from(beside, (_, i) => t[i * n + i]!), beside };
}

/** How many eigenvalues lie below `x`: sign changes of the Sturm sequence. */
function below(diagonal: Float64Array, beside: Float64Array, x: number): number {
  let count = 0;
  let q = 1;
  for (let i = 0; i < diagonal.length; i++) {
    q = diagonal[i]! - x - (i === 0 ? 0 : (beside[i]! * beside[i]!) / q);
    if (q === 0) q = Number.MIN_VALUE ** 0.5;
    if (q < 0) count++;
  }
  return count;
}
