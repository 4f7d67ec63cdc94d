import type { Random } from "../core/random.ts";

/**
 * Does some work of TensorFlow.js, whose draws without a seed (initial weights, dropout, noise,
 * custom layers too) all begin with one number of Math.random: here it comes from `random`, so
 * the same stream gives the same bits. The work must be done when it returns.
 */
export function withSeededRandom<T>(random: Random, work: () => T): T {
  const before = Math.random;
  Math.random = () => random.uniform();
  try {
    return work();
  } finally {
    Math.random = before;
  }
}
