import { type Fourier, fourier } from "../../math/fourier.ts";
import { powerOfTwoAtLeast } from "../../math/transforms.ts";
import { type LossMasses, logMoment } from "./loss-masses.ts";

/** One release's losses, and how often there are such. */
export interface Losses {
  readonly law: LossMasses;
  readonly count: number;
}

/**
 * The losses of all releases together, as a law at least as revealing as the true one, tilted by
 * e^(theta L) so that the part which decides delta is its bulk and keeps its digits.
 */
export interface Composed {
  readonly step: number;
  /** The first loss of `tilted`, in steps. */
  readonly first: number;
  readonly tilted: Float64Array;
  readonly theta: number;
  /** ln E[e^(theta L)]: the probability of loss l is tilted e^(logScale - theta l). */
  readonly logScale: number;
  /** What counts as infinite, or lies above the window. */
  readonly beyond: number;
}

/** Where the tilted law is, and the exponent which proves that there is no more above. */
export interface LossWindow {
  readonly low: number;
  readonly high: number;
  readonly exponent: number;
}

/** The logarithm of the moment of all losses together. */
export function totalLogMoment(losses: readonly Losses[], theta: number): number {
  let sum = 0;
  for (const { law, count } of losses) sum += count * logMoment(law, theta);
  return sum;
}

/** Ends beyond which the tilted law has next to nothing, by Chernoff at several exponents. */
export function windowOf(losses: readonly Losses[], theta: number): LossWindow {
  const middle = totalLogMoment(losses, theta);
  const allowed = -Math.log(windowTail);
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let exponent = 0;
  for (let s = 1 / 16; s <= 4096; s *= 2) {
    const above = (totalLogMoment(losses, theta + s) - middle + allowed) / s;
    if (above < high) {
      high = above;
      exponent = theta + s;
    }
    low = Math.max(low, (middle - totalLogMoment(losses, theta - s) - allowed) / s);
  }
  return { low, high, exponent };
}

const windowTail = 1e-12;

/**
 * Convolves by the Fourier transform over a window of the tilted law. What falls below the window
 * comes in again at its top, which reveals more; what falls above it is bounded by Chernoff and
 * counted as infinite. Each mass is raised by what its rounding errors may amount to.
 */
export function compose(losses: readonly Losses[], theta: number, window: LossWindow): Composed {
  const step = losses[0]!.law.step;
  const first = Math.floor(window.low / step);
  const size = powerOfTwoAtLeast(Math.max(64, Math.ceil(window.high / step) - first + 1));
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  const logs = new Float64Array(size);
  const phases = new Float64Array(size);
  const { transform } = transformOf(size);
  let steps = 0;
  let logScale = 0;
  for (const { law, count } of losses) {
    steps += count;
    logScale += count * tiltOnto(law, theta, re, im);
    transform(re, im, 1);
    for (let k = 0; k < size; k++) {
      logs[k]! += (count / 2) * Math.log(re[k]! * re[k]! + im[k]! * im[k]!);
      if (logs[k]! > vanished) phases[k]! += count * Math.atan2(im[k]!, re[k]!);
    }
  }
  let total = 0;
  for (let k = 0; k < size; k++) {
    const length = Math.exp(logs[k]!) / size;
    total += length;
    if (length === 0) {
      re[k] = 0;
      im[k] = 0;
      continue;
    }
    // Conjugated: the transform back is the same one.
    re[k] = length * Math.cos(phases[k]!);
    im[k] = -length * Math.sin(phases[k]!);
  }
  transform(re, im, 1);
  const error = total * Number.EPSILON * (8 * steps + 64);
  const tilted = new Float64Array(size);
  for (let i = 0; i < size; i++) tilted[i] = Math.max(0, re[mod(first + i, size)]!) + error;
  const { exponent } = window;
  const above = totalLogMoment(losses, exponent) - exponent * (first + size - 1) * step;
  const beyond = infiniteMass(losses) + Math.exp(Math.min(0, above));
  return { step, first, tilted, theta, logScale, beyond };
}

/** e^this is no double any more; no law makes it larger again, as each sums up to 1. */
const vanished = -800;

/** Bisections compose over one size again and again: its tables are made once. */
function transformOf(size: number): Fourier {
  if (last?.length !== size) last = fourier(size);
  return last;
}

let last: Fourier | null = null;

/**
 * The law times e^(theta L), scaled to 1, wrapped around an array that need not hold it all.
 * Returns the logarithm of what it was scaled by.
 */
function tiltOnto(law: LossMasses, theta: number, re: Float64Array, im: Float64Array): number {
  re.fill(0);
  im.fill(0);
  const scale = logMoment(law, theta);
  const size = re.length;
  for (let i = 0; i < law.masses.length; i++) {
    const mass = law.masses[i]!;
    if (mass === 0) continue;
    re[mod(law.first + i, size)]! += mass * Math.exp(theta * law.step * (law.first + i) - scale);
  }
  return scale;
}

/** The probability that any of the losses is infinite, from above. */
function infiniteMass(losses: readonly Losses[]): number {
  let sum = 0;
  for (const { law, count } of losses) sum += count * law.infinite;
  return sum;
}

function mod(index: number, size: number): number {
  return index - Math.floor(index / size) * size;
}
