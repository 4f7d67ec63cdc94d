import { adam } from "./adam.ts";
import { adamCore } from "./adam-core.ts";
import { decayOption, defineAdaptive, withSchedule } from "./adaptive.ts";

export const amsgrad = defineAdaptive({
  name: "amsgrad",
  summary: "Adam that never forgets its largest mean square, so that steps do not grow again",
  reference: "Reddi, Kale, Kumar, ICLR 2018",
  options: { ...adam.options, weightDecay: decayOption(0) },
  examples: [{}, { learningRate: 0.05, beta2: 0.99 }],
  method: ({ beta1, beta2, epsilon, weightDecay, ...pace }) => ({
    core: adamCore({ beta1, beta2, epsilon }, "max"),
    ...withSchedule(pace),
    weightDecay,
  }),
});
