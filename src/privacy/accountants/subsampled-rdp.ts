import { assert } from "../../core/errors.ts";
import type { DpSgdRelease } from "../release.ts";

/**
 * Renyi divergence of order alpha of one batch drawn by Poisson's coins, noise z on a clip norm of
 * 1: between (1 - q) N(0, z^2) + q N(1, z^2) and N(0, z^2), or, where records are replaced, the
 * like mixture with N(-1, z^2). Mironov, Talwar and Zhang (2019).
 */
export function subsampledRdp(release: DpSgdRelease, alpha: number): number {
  const { rate, noise, adjacency } = release;
  assert(alpha > 1, "a Renyi order is above 1");
  if (rate === 1) return (alpha * (adjacency === "replace-one" ? 4 : 1)) / (2 * noise * noise);
  const isCostly = stepsOf(noise, alpha) > stepsMax;
  if (adjacency === "replace-one") {
    if (!isCostly) return integral(rate, noise, alpha, isReplaced) / (alpha - 1);
    // Nothing sampled, or (1 - q) Q for the other mixture, which is below it and so reveals more.
    const one = subsampledRdp({ ...release, adjacency: "add-remove" }, alpha);
    return Math.min((2 * alpha) / (noise * noise), one - Math.log1p(-rate));
  }
  if (Number.isInteger(alpha)) return series(rate, noise, alpha) / (alpha - 1);
  return (isCostly ? bounded : integral)(rate, noise, alpha, isAdded) / (alpha - 1);
}

/** ln A(alpha) from above, where there is so little noise that an integral has too many steps. */
function bounded(rate: number, noise: number, alpha: number): number {
  if (alpha > 2) {
    // Moments are convex in their order, on a log scale.
    const below = Math.floor(alpha);
    const [a, b] = [series(rate, noise, below), series(rate, noise, below + 1)];
    return a + (alpha - below) * (b - a);
  }
  // (x + y)^alpha <= x^alpha + alpha x^(alpha - 1) y + y^alpha for orders from 1 to 2.
  const logStays = Math.log1p(-rate);
  const plain = (alpha - 1) * logStays + Math.log1p((alpha - 1) * rate);
  const power = alpha * Math.log(rate) + (alpha * (alpha - 1)) / (2 * noise * noise);
  return logSumExp(Float64Array.of(plain, power));
}

/**
 * ln A(alpha), A = sum over k of C(alpha, k) (1 - q)^(alpha - k) q^k e^((k^2 - k) / 2z^2). The
 * weights sum to 1, so A - 1 is summed instead, over e^(...) - 1: nothing cancels.
 */
function series(rate: number, noise: number, alpha: number): number {
  const logStays = Math.log1p(-rate);
  const logIn = Math.log(rate);
  const logs = new Float64Array(alpha - 1);
  let logChoose = Math.log(alpha);
  for (let k = 2; k <= alpha; k++) {
    logChoose += Math.log((alpha - k + 1) / k);
    const exponent = (k * k - k) / (2 * noise * noise);
    logs[k - 2] = logChoose + (alpha - k) * logStays + k * logIn + logExpm1(exponent);
  }
  return softplus(logSumExp(logs));
}

type Ratio = (rate: number, s: number, noise: number, x: number) => number;

/** Where a record is added: ln of the mixture over N(0, z^2) at x. */
const isAdded: Ratio = (rate, s) => mixtureLog(rate, s);

/** Where it is replaced: ln of one mixture over the other. */
const isReplaced: Ratio = (rate, s, noise, x) =>
  mixtureLog(rate, s) - mixtureLog(rate, (-2 * x - 1) / (2 * noise * noise));

/**
 * ln E_Q[(P/Q)^alpha] by the trapezoidal rule, which for a smooth integrand that vanishes at both
 * ends is right to the last digits once steps are small beside the deviation.
 */
function integral(rate: number, noise: number, alpha: number, ratio: Ratio): number {
  const step = stepOf(noise);
  const from = -reachOf(noise);
  const count = stepsOf(noise, alpha);
  const logs = new Float64Array(count + 1);
  let least = 0;
  for (let i = 0; i <= count; i++) {
    const x = from + i * step;
    const s = (2 * x - 1) / (2 * noise * noise);
    const log = ratio(rate, s, noise, x);
    // As E_Q[P/Q - 1] = 0, what is linear in it is taken out: what is left is never negative.
    const reference = ratio === isAdded ? 0 : mixtureLog(rate, (-2 * x - 1) / (2 * noise * noise));
    const excess = excessLog(log, alpha);
    logs[i] = -(x * x) / (2 * noise * noise) + reference + excess;
    least = Math.max(least, logs[i]!);
  }
  assert(Number.isFinite(least), "the integrand is finite");
  return softplus(logSumExp(logs) + Math.log(step / noise) - Math.log(2 * Math.PI) / 2);
}

const stepOf = (noise: number) => Math.min(noise, noise * noise) / 16;
const reachOf = (noise: number) => 14 * noise + 2;

/** Towards the right the integrand's bulk is at alpha, at 2 alpha where records are replaced. */
function stepsOf(noise: number, alpha: number): number {
  return Math.ceil((2 * reachOf(noise) + 2 * alpha) / stepOf(noise));
}

const stepsMax = 2 ** 18;

/** ln((1 + u)^alpha - 1 - alpha u), where 1 + u = e^log. */
function excessLog(log: number, alpha: number): number {
  if (alpha * log > 40) {
    // The power is all there is, but for what is linear beside it.
    const linear = -alpha * Math.exp((1 - alpha) * log) + (alpha - 1) * Math.exp(-alpha * log);
    return alpha * log + Math.log1p(linear);
  }
  const u = Math.expm1(log);
  if (Math.abs(u) < 1e-4) {
    // Three terms of the binomial series: the next is below 1e-12 of the first.
    const second = (alpha * (alpha - 1)) / 2;
    const third = ((alpha - 2) / 3) * u;
    const fourth = ((alpha - 2) * (alpha - 3) * u * u) / 12;
    return Math.log(second * u * u * (1 + third + fourth));
  }
  return Math.log(Math.expm1(alpha * log) - alpha * u);
}

/** ln(1 - q + q e^s), for any s. */
function mixtureLog(rate: number, s: number): number {
  if (s < 30) return Math.log1p(rate * Math.expm1(s));
  return s + Math.log(rate) + Math.log1p(((1 - rate) / rate) * Math.exp(-s));
}

function logExpm1(x: number): number {
  return x > 40 ? x : Math.log(Math.expm1(x));
}

/** ln(1 + e^x). */
function softplus(x: number): number {
  return x > 40 ? x : Math.log1p(Math.exp(x));
}

function logSumExp(logs: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const log of logs) largest = Math.max(largest, log);
  if (largest === Number.NEGATIVE_INFINITY) return largest;
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - largest);
  return largest + Math.log(sum);
}
