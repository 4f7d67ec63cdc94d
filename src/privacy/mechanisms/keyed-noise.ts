import type { Adjacency, MechanismUse } from "../release.ts";
import { discreteGaussians } from "./exact-draws.ts";
import {
  gaussianRelease,
  gridFor,
  noiseOf,
  stepsOf,
  withGaussianNoise,
  withLaplaceNoise,
} from "./grid-noise.ts";
import { secretBits } from "./secret-draws.ts";

/** How a message is noised: public, and part of what its noise is keyed by. */
export interface NoiseRule {
  readonly mechanism: "gaussian" | "laplace";
  readonly adjacency: Adjacency;
  readonly sensitivity: number;
  /** Deviation or scale. */
  readonly noise: number;
}

/** What a message costs: rounding to the grid moves neighbours apart a little further. */
export function noiseReleaseOf(rule: NoiseRule, dimension: number): MechanismUse {
  const { mechanism, adjacency, sensitivity, noise } = rule;
  if (mechanism === "gaussian")
    return gaussianRelease({ adjacency, sensitivity, sigma: noise }, dimension);
  const grid = gridFor(noise);
  const widened = sensitivity + dimension * grid.step;
  return { mechanism, adjacency, sensitivity: widened, scale: noiseOf(grid), times: 1 };
}

/**
 * y = x + n on the grid. The noise is a function of the node's secret and of `use`, which names
 * everything that it hides: the same message drawn again is the same to the bit, in a clone of the
 * process, too, and any other message has other noise.
 */
export function withKeyedNoise(
  x: Float64Array<ArrayBuffer>,
  rule: NoiseRule,
  secret: Uint8Array,
  use: string,
): Float64Array {
  const bits = secretBits(secret, use);
  const grid = gridFor(rule.noise);
  if (rule.mechanism === "gaussian") return withGaussianNoise(x, grid, bits);
  return withLaplaceNoise(x, grid, bits);
}

/**
 * As whole steps of the rule's grid, with a share of its normal noise: so many shares, or more,
 * have at least the rule's deviation together. Shares are laws on one grid whose sum differs from
 * the law of the whole by less than any double holds (Kairouz, Liu and Steinke, 2021).
 */
export function stepsWithNoiseShare(
  x: Float64Array<ArrayBuffer>,
  rule: NoiseRule,
  shares: number,
  secret: Uint8Array,
  use: string,
): Float64Array<ArrayBuffer> {
  const bits = secretBits(secret, use);
  const grid = gridFor(rule.noise);
  const share = Math.ceil(grid.noiseSteps / Math.sqrt(shares));
  const noise = discreteGaussians(share, x.length, bits);
  return x.map((value, i) => stepsOf(value, grid) + noise[i]!);
}
