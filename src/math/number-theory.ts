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
