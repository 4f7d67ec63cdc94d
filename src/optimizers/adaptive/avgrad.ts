import * as z from "zod";
import { adam } from "./adam.ts";
import { adamCore } from "./adam-core.ts";
import { betaOption, decayOption, defineAdaptive, withSchedule } from "./adaptive.ts";

export const avgrad = defineAdaptive({
  name: "avgrad",
  summary: "Adam over the mean of all its mean squares so far: converges where Adam does not",
  reference: "Ozkara et al., MADA, ICML 2024",
  options: {
    ...adam.options,
    beta2: betaOption(0.95, "how long each of the averaged mean squares remembers"),
    debias: z
      .enum(["shared", "own", "none"])
      .default("shared")
      .describe("divide the mean by 1 - beta2^t, by what it holds of a constant, or by nothing"),
    weightDecay: decayOption(0),
  },
  examples: [{}, { learningRate: 0.05, beta2: 0.99, debias: "own" }],
  method: ({ beta1, beta2, epsilon, debias, weightDecay, ...pace }) => ({
    core: adamCore({ beta1, beta2, epsilon, debias }, "mean"),
    ...withSchedule(pace),
    weightDecay,
  }),
});
