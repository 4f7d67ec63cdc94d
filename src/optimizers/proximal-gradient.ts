import { define } from "../core/registry.ts";
import { proximalStep, stepOption, stepRule } from "./gradient-step.ts";
import type { Stepper } from "./optimizer.ts";

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
