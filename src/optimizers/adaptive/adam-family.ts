import * as z from "zod";
import { adamCore } from "./adam-core.ts";
import {
  betaOption,
  common,
  decayOption,
  defineAdaptive,
  epsilonOption,
  lazyOption,
  withSchedule,
} from "./adaptive.ts";

const firstMoment = "how long the mean of gradients remembers";
const secondMoment = "how long the mean of their squares remembers";

export const adam = defineAdaptive({
  name: "adam",
  summary: "the mean gradient over the root of its mean square, weight by weight",
  reference: "Kingma and Ba, ICLR 2015",
  options: {
    ...common(0.001),
    lazy: lazyOption,
    beta1: betaOption(0.9, firstMoment),
    beta2: betaOption(0.999, secondMoment),
    epsilon: epsilonOption(1e-8),
  },
  examples: [{}, { learningRate: 0.05, beta2: 0.99, clip: 1 }],
  method: ({ beta1, beta2, epsilon, lazy, ...pace }) => ({
    lazy,
    core: adamCore({ beta1, beta2, epsilon }, "last"),
    ...withSchedule(pace),
    weightDecay: 0,
  }),
});

export const adamw = defineAdaptive({
  name: "adamw",
  summary: "Adam with decoupled weight decay",
  reference: "Loshchilov and Hutter, ICLR 2019",
  options: { ...adam.options, weightDecay: decayOption(0.01) },
  examples: [{}, { learningRate: 0.05, weightDecay: 0.1 }],
  method: ({ weightDecay, ...rest }) => ({ ...adam.method(rest), weightDecay }),
});

export const amsgrad = defineAdaptive({
  name: "amsgrad",
  summary: "Adam that never forgets its largest mean square, so that steps do not grow again",
  reference: "Reddi, Kale, Kumar, ICLR 2018",
  options: { ...adam.options, weightDecay: decayOption(0) },
  examples: [{}, { learningRate: 0.05, beta2: 0.99 }],
  method: ({ beta1, beta2, epsilon, weightDecay, lazy, ...pace }) => ({
    lazy,
    core: adamCore({ beta1, beta2, epsilon }, "max"),
    ...withSchedule(pace),
    weightDecay,
  }),
});

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
  method: ({ beta1, beta2, epsilon, debias, weightDecay, lazy, ...pace }) => ({
    lazy,
    core: adamCore({ beta1, beta2, epsilon, debias }, "mean"),
    ...withSchedule(pace),
    weightDecay,
  }),
});

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
  method: ({ beta1, beta2, epsilon, weightDecay, lazy, ...pace }) => ({
    lazy,
    core: adamCore({ beta1, beta2, epsilon }, "yogi"),
    ...withSchedule(pace),
    weightDecay,
  }),
});
