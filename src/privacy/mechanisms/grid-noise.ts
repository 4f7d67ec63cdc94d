import { RunError } from "../../core/errors.ts";
import type { Adjacency, GaussianRelease, LaplaceRelease } from "../release.ts";
import { discreteGaussians, discreteLaplace } from "./exact-draws.ts";
import type { SecretBits } from "./secret-draws.ts";

/** How values are to be noised: all of it public. */
export interface GaussianNoise {
  readonly adjacency: Adjacency;
  /** The most that a neighbour moves the values, in the 2-norm, before rounding. */
  readonly sensitivity: number;
  /** What the noise's deviation must be at least. */
  readonly sigma: number;
}

/** What may be published, and what it costs. */
export interface Noised {
  readonly values: Float64Array;
  readonly release: GaussianRelease;
}

/** What publishing values under this noise costs; known before they are. */
export function gaussianRelease(noise: GaussianNoise, length: number): GaussianRelease {
  const grid = gridFor(noise.sigma);
  return {
    mechanism: "gaussian",
    adjacency: noise.adjacency,
    sensitivity: noise.sensitivity + roundingSensitivity(length, grid),
    sigma: noiseOf(grid),
    times: 1,
  };
}

/** Rounds values to the noise's grid, then adds discrete normal noise; the input is left alone. */
export function releaseGaussian(
  values: Float64Array,
  noise: GaussianNoise,
  bits: SecretBits,
): Noised {
  const release = gaussianRelease(noise, values.length);
  return { values: withGaussianNoise(values, gridFor(noise.sigma), bits), release };
}

/** The values on the grid with noise on top: each result is a whole number of steps. */
export function withGaussianNoise(
  values: Float64Array,
  grid: Grid,
  bits: SecretBits,
): Float64Array {
  const { step, noiseSteps } = grid;
  const noise = discreteGaussians(noiseSteps, values.length, bits);
  // A power of two: times its inverse is divided by it.
  const perUnit = 1 / step;
  for (let i = 0; i < noise.length; i++) {
    const exact = values[i]! * perUnit;
    let steps = Math.floor(exact + 0.5);
    // Math.round has a branch that no processor foresees; this one is next to never taken.
    if (!(Math.abs(steps - exact) < 0.5)) steps = Math.round(exact);
    if (!(Math.abs(steps) <= valueStepsMax)) throw outOfGrid();
    noise[i] = (steps + noise[i]!) * step;
  }
  return noise;
}

/** How values are to be noised for pure epsilon: all of it public. */
export interface LaplaceNoise {
  readonly adjacency: Adjacency;
  /** The most that a neighbour moves the values, in the 1-norm, before rounding. */
  readonly sensitivity: number;
  /** What the noise's scale must be at least. */
  readonly scale: number;
}

/** What publishing values under this noise costs; rounding may move each by a step. */
export function laplaceRelease(noise: LaplaceNoise, length: number): LaplaceRelease {
  const grid = gridFor(noise.scale);
  return {
    mechanism: "laplace",
    adjacency: noise.adjacency,
    sensitivity: noise.sensitivity + length * grid.step,
    scale: noiseOf(grid),
    times: 1,
  };
}

/** Rounds values to the noise's grid, then adds discrete Laplace noise; the input is left alone. */
export function withLaplaceNoise(values: Float64Array, grid: Grid, bits: SecretBits): Float64Array {
  const { step, noiseSteps } = grid;
  return values.map((value) => (stepsOf(value, grid) + discreteLaplace(noiseSteps, bits)) * step);
}

/**
 * The grid on which noise is drawn and published: multiples of a power of two, so that no published
 * number says by its last digits what was added to what. Public, and the same for all neighbours.
 */
export interface Grid {
  /** The distance between neighbouring points: a power of two. */
  readonly step: number;
  /** The noise's deviation, or Laplace's scale, in steps: a whole number. */
  readonly noiseSteps: number;
}

/** Far more steps than any sensitivity's rounding matters by, far fewer than doubles count. */
const noiseStepsLog2 = 29;

/** The grid for noise of this deviation or scale; the noise drawn is `noiseOf` it, never less. */
export function gridFor(noise: number, log2Steps = noiseStepsLog2): Grid {
  const exponent = Math.floor(Math.log2(noise)) - log2Steps;
  if (!(noise > 0) || !(Math.abs(exponent) <= 900))
    throw new RunError("bad-noise", `noise of deviation ${noise}: expected a number above 0`, {
      hint: "scale the data or the clip norm to numbers of ordinary size",
    });
  const step = 2 ** exponent;
  return { step, noiseSteps: Math.ceil(noise / step) };
}

/** The deviation, or scale, of what is drawn on a grid. */
export function noiseOf({ step, noiseSteps }: Grid): number {
  return step * noiseSteps;
}

/** The value as a whole number of steps. What is out of a double's reach is a user's mistake. */
export function stepsOf(value: number, { step }: Grid): number {
  const steps = Math.round(value / step);
  if (Number.isFinite(steps) && Math.abs(steps) <= valueStepsMax) return steps;
  throw outOfGrid();
}

/** The value itself must not stand in a message: it has not been made private yet. */
function outOfGrid(): RunError {
  return new RunError("out-of-grid", "a value to be released is too large for its noise's grid", {
    hint: "bound the values first: by a clip norm or a projection",
  });
}

/** Half of what a double counts by ones: noise fits on top. */
const valueStepsMax = 2 ** 52;

/** By how much rounding to the grid may move neighbours apart in the 2-norm, on top of the rest. */
export function roundingSensitivity(length: number, { step }: Grid): number {
  return Math.sqrt(length) * step;
}
