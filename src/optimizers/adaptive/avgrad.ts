import { adam } from "./adam.ts";
import { adamCore } from "./adam-core.ts";
import { adaptive, betaOption, decayOption, paced } from "./adaptive.ts";

export const avgrad = adaptive({
  name: "avgrad",
  summary: "Adam over the mean of all its mean squares so far: converges where Adam does not",
  reference: "Ozkara et al., MADA, ICML 2024",
  options: {
    ...adam.options,
    beta2: betaOption(0.95, "how long each of the averaged mean squares remembers"),
    weightDecay: decayOption(0),
  },
  examples: [{}, { learningRate: 0.05, beta2: 0.99 }],
  method: ({ beta1, beta2, epsilon, weightDecay, ...pace }) => ({
    core: adamCore({ beta1, beta2, epsilon }, "mean"),
    ...paced(pace),
    weightDecay,
  }),
});
