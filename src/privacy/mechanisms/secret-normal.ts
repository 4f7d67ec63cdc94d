import type { SecretBits } from "./secret-bits.ts";

/**
 * Standard normal numbers for a secret mixture (Box and Muller), two at a time. They are doubles,
 * so they may hide nothing by themselves: what is made of them is rounded to a public grid.
 */
export function secretNormals(bits: SecretBits): () => number {
  let kept: number | null = null;
  return () => {
    if (kept !== null) {
      const second = kept;
      kept = null;
      return second;
    }
    const radius = Math.sqrt(-2 * Math.log(unit(bits)));
    const angle = 2 * Math.PI * unit(bits);
    kept = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Uniform in (0, 1), 53 bits, neither end. */
function unit(bits: SecretBits): number {
  return ((bits.word() >>> 5) * 2 ** 27 + (bits.word() >>> 5) + 0.5) / 2 ** 54;
}
