import { adam } from "./adam.ts";
import { adamCore } from "./adam-core.ts";
import { common, decayOption, defineAdaptive, epsilonOption, withSchedule } from "./adaptive.ts";

export const yogi = defineAdaptive({
  name: "yogi",
  summary: "Adam whose mean square grows and shrinks at a steady pace, not by its own size",
  reference: "Zaheer, Reddi, Sachan, Kale, Kumar, NeurIPS 2018",
  options: {
    ...adam.options,
    ...common(0.01),
    epsilon: epsilonOption(1e-3),
    weightDecay: decayOption(0),
  },
  examples: [{}, { learningRate: 0.05, beta2: 0.99, epsilon: 1e-8 }],
  method: ({ beta1, beta2, epsilon, weightDecay, ...pace }) => ({
    core: adamCore({ beta1, beta2, epsilon }, "yogi"),
    ...withSchedule(pace),
    weightDecay,
  }),
});
