import * as z from "zod";
import { assert } from "../../core/errors.ts";
import { muOf } from "../../privacy/accountants/gaussian.ts";

const positive = z.number().positive().finite();

/** How steps go on: gamma_t for t = 0, 1, ... */
export const stepSizesSchema = z.union(
  [
    positive,
    z.strictObject({ decaying: positive }),
    z.strictObject({
      first: positive,
      ratio: z.number().gt(0).lt(1),
      noiseRatio: z.number().gt(0).max(1),
    }),
  ],
  "expected a number, { decaying: m } or { first: c, ratio: q, noiseRatio: p }",
);

export type StepSizes = z.output<typeof stepSizesSchema>;

/** Message t of t = 1, 2, ...: the step whose gradient it first shows, and its noise. */
export interface MessageSensitivity {
  readonly step: number;
  /** By how much a neighbour moves it, before rounding: in the noise's norm. */
  readonly sensitivity: number;
  /** Deviation of normal noise, or scale of Laplace's. */
  readonly noise: number;
}

export interface Calibration {
  readonly steps: StepSizes;
  /** How many messages depend on data. */
  readonly messages: number;
  readonly dimension: number;
  readonly noise: "gaussian" | "laplace";
  readonly epsilon: number;
  readonly delta: number;
  /** By how much a neighbour moves a node's gradient, in the 2-norm. */
  readonly gradientSensitivity: number;
}

/** So much more noise than the bound asks for that no sum's rounding carries it over the budget. */
const slack = 1 + 1e-9;
/** A grid has at least this many steps in the noise: see `gridFor`. */
const gridSteps = 2 ** 29;

export function stepAt(steps: StepSizes, t: number): number {
  if (typeof steps === "number") return steps;
  return "decaying" in steps ? 1 / (steps.decaying * (t + 1)) : steps.first * steps.ratio ** t;
}

/**
 * The messages of a run, their noise such that all of them together cost the budget. Message t
 * shows the gradient of step t - 1, so that is what its noise must cover: noise by the step of the
 * same number would leave epsilon / ratio. Each message costs alike unless `noiseRatio` says
 * otherwise, which for steps 1/(m (t + 1)) is noise in proportion to 1/t.
 */
export function calibrated(given: Calibration): MessageSensitivity[] {
  const { steps, messages, dimension, noise, epsilon, delta } = given;
  const isGaussian = noise === "gaussian";
  const root = Math.sqrt(dimension);
  // Of a vector of norm 1, the sum of absolute values is at most this.
  const factor = given.gradientSensitivity * (isGaussian ? 1 : root);
  const shown = Array.from({ length: messages }, (_, i) => stepAt(steps, i));
  const shape = shown.map((step, i) =>
    typeof steps === "object" && "first" in steps ? steps.noiseRatio ** (i + 1) : step,
  );
  /** What rounding to the grid adds to sensitivity over noise, of every message. */
  const rounding = (isGaussian ? root : dimension) / gridSteps;
  const ratios = shown.map((step, i) => (step * factor) / shape[i]!);
  const budget = isGaussian ? muOf(epsilon, delta) : epsilon;
  const size = smallestScale(ratios, rounding, budget, isGaussian ? 2 : 1);
  return shown.map((step, i) => ({
    step,
    sensitivity: step * factor,
    noise: size * shape[i]! * slack,
  }));
}

/** The s at which the p-norm of ratio / s + rounding is the budget, from above. */
function smallestScale(
  ratios: readonly number[],
  rounding: number,
  budget: number,
  power: 1 | 2,
): number {
  const cost = (scale: number) => {
    let sum = 0;
    for (const ratio of ratios) sum += (ratio / scale + rounding) ** power;
    return sum ** (1 / power);
  };
  assert(cost(Number.POSITIVE_INFINITY) < budget / 2, "a grid is far finer than its noise");
  let low = 0;
  let high = 1;
  while (cost(high) > budget) high *= 2;
  for (let step = 0; step < 2_000; step++) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    if (cost(middle) > budget) low = middle;
    else high = middle;
  }
  return high;
}
