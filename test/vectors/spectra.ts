import { gram } from "../../src/testing/dense.ts";
import { eigenvalues } from "../../src/testing/eigenvalues.ts";
import type { StoredCode } from "../../src/testing/stored-code.ts";

/**
 * The eigenvalues of M_A = S_A'S_A / (c eta), ascending: A the slots that arrived, eta the share of
 * stored rows that they hold, c by the redundancy (rows of unit norm on average).
 */
export function spectrum(code: StoredCode, arrived: ArrayLike<number>): Float64Array {
  const held = rowsOf(code, arrived);
  const seen = gram(code.s, held);
  return eigenvalues(seen).map((value) => (value * code.s.columns) / held.length);
}

/** Stored rows of the slots that arrived. */
export function rowsOf(code: StoredCode, arrived: ArrayLike<number>): number[] {
  const counted = new Set(Array.from(arrived));
  return [...code.slots.keys()].filter((i) => counted.has(code.slots[i]!));
}

export function others(arrived: ArrayLike<number>, workers: number): number[] {
  const counted = new Set(Array.from(arrived));
  return [...Array(workers).keys()].filter((slot) => !counted.has(slot));
}

export function variance(values: Float64Array): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
}
