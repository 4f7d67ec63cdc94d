import type { Adjacency, LaplaceRelease } from "../release.ts";
import { discreteLaplace } from "./exact-draws.ts";
import { gridFor, noiseOf, stepsOf } from "./grid.ts";
import type { SecretBits } from "./secret-bits.ts";

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
export function withLaplaceNoise(
  values: Float64Array,
  noise: LaplaceNoise,
  bits: SecretBits,
): Float64Array {
  const grid = gridFor(noise.scale);
  const { step, noiseSteps } = grid;
  return values.map((value) => (stepsOf(value, grid) + discreteLaplace(noiseSteps, bits)) * step);
}
