import type { SecretBits } from "./secret-bits.ts";

/** The rate that coins of 32 bits have: never below what was asked. */
export function coinRate(rate: number): number {
  return Math.min(1, Math.ceil(rate * 2 ** 32) / 2 ** 32);
}

/**
 * A Poisson batch: each record by a coin of its own, whatever the others do. The coins are the
 * secret's: accounts that count on the sampling hold only against those who do not know it.
 */
export function poissonBatch(records: number, rate: number, bits: SecretBits): number[] {
  const limit = coinRate(rate) * 2 ** 32;
  const chosen: number[] = [];
  for (let record = 0; record < records; record++)
    if (rate === 1 || bits.word() < limit) chosen.push(record);
  return chosen;
}
