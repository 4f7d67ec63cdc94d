import { hash } from "node:crypto";
import {
  newSecret,
  type SecretBits,
  secretBits,
} from "../../src/privacy/mechanisms/secret-draws.ts";

/**
 * Bits for a statistical test: the same at every run, so that one in a thousand does not fail by
 * chance; `KOFN_UNSEEDED=1 npx vitest run test/privacy` draws them afresh.
 */
export function testBits(use: string): SecretBits {
  const isFresh = process.env.KOFN_UNSEEDED === "1";
  return secretBits(isFresh ? newSecret() : hash("sha256", "tests", "buffer"), use);
}

/** Uniform in (0, 1), for the checks' own naive samplers. */
export function uniform(bits: SecretBits): number {
  return (bits.word() + 0.5) / 2 ** 32;
}

/** The upper tail of chi-squared with this many degrees of freedom (Wilson and Hilferty). */
export function chiSquaredQuantile(degrees: number, normalQuantile: number): number {
  const a = 2 / (9 * degrees);
  return degrees * (1 - a + normalQuantile * Math.sqrt(a)) ** 3;
}
