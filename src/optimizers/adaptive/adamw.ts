import { adam } from "./adam.ts";
import { decayOption, defineAdaptive } from "./adaptive.ts";

export const adamw = defineAdaptive({
  name: "adamw",
  summary: "Adam with decoupled weight decay",
  reference: "Loshchilov and Hutter, ICLR 2019",
  options: { ...adam.options, weightDecay: decayOption(0.01) },
  examples: [{}, { learningRate: 0.05, weightDecay: 0.1 }],
  method: ({ weightDecay, ...rest }) => ({ ...adam.method(rest), weightDecay }),
});
