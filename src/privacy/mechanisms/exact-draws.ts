import { assert } from "../../core/errors.ts";
import { drawNormals } from "../../math/kernels/normal-draws.ts";
import type { SecretBits } from "./secret-draws.ts";

/**
 * Integers drawn from exactly the law that is claimed, by comparisons of uniform integers alone: a
 * floating-point sampler's missing values would tell neighbours apart (Mironov, 2012).
 */

/** The largest deviation or scale, in steps, that draws are made for. */
export const stepsMax = 2 ** 31;

/** Uniform over 0 to n - 1, for n up to 2^31. */
export function uniformBelow(n: number, bits: SecretBits): number {
  for (;;) {
    const word = bits.word();
    // The last words are one part of n short. Remainders of integers of 32 bits are the quick ones.
    if (word < 2 ** 32 - n || word < 2 ** 32 - ((-n >>> 0) % (n >>> 0)))
      return ((word >>> 0) % (n >>> 0)) >>> 0;
  }
}

/**
 * An integer n with probability proportional to exp(-n^2 / (2 sigma^2)), for an integer sigma in
 * steps: n = +-(k sigma + j) with k and j drawn apart (Karney, 2016, algorithm D).
 */
export function discreteGaussian(sigma: number, bits: SecretBits): number {
  assert(Number.isInteger(sigma) && sigma >= 1 && sigma <= stepsMax, "sigma is in whole steps");
  for (;;) {
    let k = 0;
    while (expMinusHalf(bits)) k++;
    if (!allExpMinusHalf(k * (k - 1), bits)) continue;
    const j = uniformBelow(sigma, bits);
    if (!isBelowCurve(j, k, sigma, bits)) continue;
    const size = k * sigma + j;
    const isNegative = (bits.word() & 1) === 1;
    // Zero would be found twice, as +0 and as -0.
    if (size === 0 && isNegative) continue;
    return isNegative ? -size : size;
  }
}

/** So many of them, one after another: the numbers that `discreteGaussian` draws, sooner. */
export function discreteGaussians(sigma: number, count: number, bits: SecretBits): Float64Array {
  assert(Number.isInteger(sigma) && sigma >= 1 && sigma <= stepsMax, "sigma is in whole steps");
  const drawn = new Float64Array(count);
  let done = 0;
  while (count - done >= drawnAtOnceMin) {
    // A number takes 19 words on average, and may take any number of them.
    const words = bits.unread(Math.min(1_024, 32 * (count - done)));
    const part = drawNormals(sigma, words, drawn.subarray(done));
    bits.skip(part.read);
    done += part.drawn;
    if (part.drawn === 0) drawn[done++] = discreteGaussian(sigma, bits);
  }
  for (; done < count; done++) drawn[done] = discreteGaussian(sigma, bits);
  return drawn;
}

/** Fewer are drawn before they are handed over. */
const drawnAtOnceMin = 32;

/**
 * An integer n with probability proportional to exp(-|n| / scale), for an integer scale in steps
 * (Canonne, Kamath and Steinke, 2020).
 */
export function discreteLaplace(scale: number, bits: SecretBits): number {
  assert(Number.isInteger(scale) && scale >= 1 && scale <= stepsMax, "the scale is in whole steps");
  for (;;) {
    const j = uniformBelow(scale, bits);
    if (!expMinusFraction(j, scale, bits)) continue;
    let k = 0;
    while (expMinusFraction(1, 1, bits)) k++;
    const size = k * scale + j;
    const isNegative = (bits.word() & 1) === 1;
    if (size === 0 && isNegative) continue;
    return isNegative ? -size : size;
  }
}

/** True with probability exp(-1/2): von Neumann's alternating series, coin by coin. */
function expMinusHalf(bits: SecretBits): boolean {
  let n = 1;
  while (uniformBelow(2 * n, bits) === 0) n++;
  return n % 2 === 1;
}

function allExpMinusHalf(times: number, bits: SecretBits): boolean {
  for (let i = 0; i < times; i++) if (!expMinusHalf(bits)) return false;
  return true;
}

/** True with probability exp(-j / whole), for 0 <= j <= whole. */
function expMinusFraction(j: number, whole: number, bits: SecretBits): boolean {
  let n = 1;
  while (uniformBelow(n, bits) === 0 && uniformBelow(whole, bits) < j) n++;
  return n % 2 === 1;
}

/** True with probability exp(-x (2k + x) / 2), where x = j / sigma: k + 1 equal factors. */
function isBelowCurve(j: number, k: number, sigma: number, bits: SecretBits): boolean {
  for (let factor = 0; factor <= k; factor++) {
    let n = 1;
    while (isWithin(j, k, sigma, n, bits)) n++;
    if (n % 2 === 0) return false;
  }
  return true;
}

/** True with probability x (2k + x) / ((2k + 2) n). */
function isWithin(j: number, k: number, sigma: number, n: number, bits: SecretBits): boolean {
  if (n > 1 && uniformBelow(n, bits) > 0) return false;
  if (uniformBelow(sigma, bits) >= j) return false;
  const chosen = uniformBelow(2 * k + 2, bits);
  return chosen < 2 * k || (chosen === 2 * k && uniformBelow(sigma, bits) < j);
}
