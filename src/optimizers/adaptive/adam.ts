import { adamCore } from "./adam-core.ts";
import { betaOption, common, defineAdaptive, epsilonOption, withSchedule } from "./adaptive.ts";

const firstMoment = "how long the mean of gradients remembers";
const secondMoment = "how long the mean of their squares remembers";

export const adam = defineAdaptive({
  name: "adam",
  summary: "the mean gradient over the root of its mean square, weight by weight",
  reference: "Kingma and Ba, ICLR 2015",
  options: {
    ...common(0.001),
    beta1: betaOption(0.9, firstMoment),
    beta2: betaOption(0.999, secondMoment),
    epsilon: epsilonOption(1e-8),
  },
  examples: [{}, { learningRate: 0.05, beta2: 0.99, clip: 1 }],
  method: ({ beta1, beta2, epsilon, ...pace }) => ({
    core: adamCore({ beta1, beta2, epsilon }, "last"),
    ...withSchedule(pace),
    weightDecay: 0,
  }),
});
