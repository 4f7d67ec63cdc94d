import { isPrime, quadraticCharacter } from "./number-theory.ts";
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
