import * as z from "zod";
import { define } from "../core/registry.ts";
import { withPresent } from "../math/slices/present.ts";
import { addScaled } from "../math/vector.ts";
import type { Standing, Stepper } from "./optimizer.ts";

/**
 * The step size of first-order methods. The safe step needs no knowledge of the erasures: for a
 * tight frame the estimate's Hessian is at most H over the share of rows that replied, so
 * alpha = share / L never overshoots, whichever slots they were.
 */
export const stepOption = z
  .union([z.literal("safe"), z.number().positive()])
  .default("safe")
  .describe('the step size: "safe" (share of rows that replied, over L) or a number');

export type StepOption = z.output<typeof stepOption>;

export function stepRule(step: StepOption): Pick<Stepper, "needsCurvature" | "stepSize"> {
  return {
    needsCurvature: step === "safe",
    stepSize: ({ smoothness, share }) => (step === "safe" ? share / smoothness : step),
  };
}

/** w - alpha g. */
export const gradientDescent = define({
  name: "gradient-descent",
  summary: "a step along the negative gradient; safe for every set of replies by default",
  options: { step: stepOption },
  examples: [{}, { step: 0.1 }],
  create: ({ step }): Stepper => ({
    searches: false,
    proximal: false,
    ...stepRule(step),
    start: () => ({}),
    move: (memory, { weights, gradient, stepSize }) => ({
      memory,
      weights: addScaled(Float64Array.from(weights), -stepSize, gradient),
      ask: null,
    }),
    moveParts: (memory, { weights, parts, stepSize, tensors }) => ({
      memory,
      parts: withPresent(weights, parts, tensors, (here, gradient) =>
        addScaled(here, -stepSize, gradient),
      ),
    }),
  }),
});

/**
 * Iterative soft thresholding: w <- prox(w - alpha g). With any set of replies at every step
 * F(w+) <= kappa F(w), and the average of the iterates ends within kappa F* of the optimum (kappa
 * the condition of the part of the frame that replied): docs/lasso.md.
 */
export const proximalGradient = define({
  name: "proximal-gradient",
  summary: "a gradient step, then the l1 penalty's soft threshold: steady, and zeros are exact",
  reference: "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019; Parikh and Boyd, section 4.2",
  options: { step: stepOption },
  examples: [{}, { step: 0.1 }],
  create: ({ step }): Stepper => ({
    searches: false,
    proximal: true,
    ...stepRule(step),
    start: () => ({}),
    move: (memory, here) => ({ memory, weights: proximalStep(here), ask: null }),
  }),
});

/** prox(y - alpha g), y where the gradient was asked. */
export function proximalStep(here: Standing): Float64Array<ArrayBuffer> {
  const { asked, gradient, stepSize, shrink } = here;
  return shrink(addScaled(Float64Array.from(asked), -stepSize, gradient), stepSize);
}
