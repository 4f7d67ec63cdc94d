import type { Adjacency, GaussianRelease } from "../release.ts";
import { discreteGaussian } from "./exact-draws.ts";
import { type Grid, gridFor, noiseOf, roundingSensitivity, stepsOf } from "./grid.ts";
import type { SecretBits } from "./secret-bits.ts";

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
  return values.map((value) => (stepsOf(value, grid) + discreteGaussian(noiseSteps, bits)) * step);
}
