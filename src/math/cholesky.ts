/**
 * Solves A x = b for a symmetric A that is positive semidefinite, row-major and `b.length` wide, by
 * Cholesky's factors. Where a pivot vanishes, which l2 = 0 and few rows may bring about, its
 * unknown is 0: one of the solutions, if there are any. A and b are overwritten; b is returned.
 */
export function solvePositive<A extends Float64Array>(a: Float64Array, b: A): A {
  const size = b.length;
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, a[i * size + i]!);
  const tiny = largest * size * Number.EPSILON;
  for (let j = 0; j < size; j++) {
    let pivot = a[j * size + j]!;
    for (let k = 0; k < j; k++) pivot -= a[j * size + k]! ** 2;
    const root = pivot > tiny ? Math.sqrt(pivot) : 0;
    a[j * size + j] = root;
    for (let i = j + 1; i < size; i++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      a[i * size + j] = root > 0 ? sum / root : 0;
    }
  }
  for (let i = 0; i < size; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= a[i * size + k]! * b[k]!;
    b[i] = divided(sum, a[i * size + i]!);
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < size; k++) sum -= a[k * size + i]! * b[k]!;
    b[i] = divided(sum, a[i * size + i]!);
  }
  return b;
}

function divided(value: number, pivot: number): number {
  return pivot > 0 ? value / pivot : 0;
}
