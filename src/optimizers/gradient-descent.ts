import { define } from "../core/registry.ts";
import { addScaled } from "../math/vector.ts";
import { stepOption, stepRule } from "./gradient-step.ts";
import type { Stepper } from "./optimizer.ts";

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
  }),
});
