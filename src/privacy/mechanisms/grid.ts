import { RunError } from "../../core/errors.ts";

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
  // The value itself must not stand in a message: it has not been made private yet.
  throw new RunError("out-of-grid", "a value to be released is too large for its noise's grid", {
    hint: "bound the values first: by a clip norm or a projection",
  });
}

/** Half of what a double counts by ones: noise fits on top. */
const valueStepsMax = 2 ** 52;

/** By how much rounding to the grid may move neighbours apart in the 2-norm, on top of the rest. */
export function roundingSensitivity(length: number, { step }: Grid): number {
  return Math.sqrt(length) * step;
}
