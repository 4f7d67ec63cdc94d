import { hadamardEntry, powerOfTwoAtLeast } from "./transforms.ts";

/** Sylvester's orders, 2^r, and Paley's first, q + 1 for a prime q = 3 mod 4. */
export function isHadamardOrder(order: number): boolean {
  return isSylvesterOrder(order) || (order % 4 === 0 && isPrime(order - 1));
}

export function isSylvesterOrder(order: number): boolean {
  return order === powerOfTwoAtLeast(order);
}

/**
 * A matrix of signs with orthogonal columns, the first all ones: row-major, Sylvester's where there
 * is one, else Paley's I + [[0, 1'], [-1, Q]], Q_ij = chi(i - j), its rows signed.
 */
export function hadamardMatrix(order: number): Int8Array {
  const signs = new Int8Array(order * order);
  if (isSylvesterOrder(order)) {
    for (let i = 0; i < order; i++)
      for (let j = 0; j < order; j++) signs[i * order + j] = hadamardEntry(i, j);
    return signs;
  }
  const q = order - 1;
  const character = quadraticCharacter(q);
  signs.fill(1, 0, order);
  for (let i = 0; i < q; i++) {
    const row = (i + 1) * order;
    signs[row] = 1;
    for (let j = 0; j < q; j++) signs[row + 1 + j] = i === j ? -1 : -character[(i - j + q) % q]!;
  }
  return signs;
}

/** Whether `n` is prime, by trial division: for orders of codes, not for cryptography. */
export function isPrime(n: number): boolean {
  if (!Number.isInteger(n) || n < 2) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

/** The quadratic character modulo an odd prime `q`: 0 at 0, 1 at squares, -1 at all others. */
export function quadraticCharacter(q: number): Int8Array {
  const character = new Int8Array(q).fill(-1);
  character[0] = 0;
  for (let i = 1; i < q; i++) character[(i * i) % q] = 1;
  return character;
}
