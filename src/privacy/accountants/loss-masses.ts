import type { LossLaw } from "./loss-law.ts";

/** A law of losses on the grid: mass `masses[i]` at loss (first + i) step, the rest at infinity. */
export interface LossMasses {
  readonly step: number;
  readonly first: number;
  readonly masses: Float64Array;
  readonly infinite: number;
}

/**
 * A law that is at least as revealing, on a grid. Each cell's mass goes to its two ends so that
 * both P and Q keep theirs: delta, as a function of e^epsilon, is then joined up by straight lines
 * between grid points, and being convex it lies below them (Doroshenko and others, 2022, "Connect
 * the dots"). Losses above the range count as infinite, those below as its lower end.
 */
export function onGrid(law: LossLaw, step: number): LossMasses {
  const first = Math.floor(law.least / step) - 1;
  const last = Math.ceil(law.most / step) + 1;
  const masses = new Float64Array(last - first + 1);
  for (let i = first; i < last; i++) {
    const [p, q] = law.masses(i * step, (i + 1) * step);
    // a + b = p and a e^-l + b e^-(l + h) = q, at the cell's ends l and l + h.
    const upper = (p - q * Math.exp(i * step)) / -Math.expm1(-step);
    // Where q has no digits left, or e^l is no double, all goes to the upper end: above the truth.
    const b = q < tiniest || i * step > exponentMax ? p : Math.min(p, Math.max(0, upper));
    masses[i - first]! += p - b;
    masses[i - first + 1]! += b;
  }
  masses[0]! += law.masses(Number.NEGATIVE_INFINITY, first * step)[0];
  const infinite = law.masses(last * step, Number.POSITIVE_INFINITY)[0];
  return { step, first, masses, infinite };
}

/** Doubles below have lost digits, and with them what they are multiplied by. */
const tiniest = 2 ** -1022;
/** e^700 is a double, and e^710 none. */
const exponentMax = 700;

/** ln E[e^(theta L)] over the finite losses. */
export function logMoment({ step, first, masses }: LossMasses, theta: number): number {
  const shift = Math.max(theta * step * first, theta * step * (first + masses.length - 1));
  let sum = 0;
  for (let i = 0; i < masses.length; i++)
    if (masses[i]! > 0) sum += masses[i]! * Math.exp(theta * step * (first + i) - shift);
  return Math.log(sum) + shift;
}
