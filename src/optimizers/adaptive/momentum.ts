import * as z from "zod";
import {
  betaOption,
  common,
  decayOption,
  defineAdaptive,
  lazyOption,
  withSchedule,
} from "./adaptive.ts";
import { type Core, zeros } from "./core.ts";

/** m <- momentum m + g; w <- w - rate m, or with Nesterov w - rate (g + momentum m). */
export const sgd = defineAdaptive({
  name: "sgd",
  summary: "stochastic gradient descent with momentum, plain or Nesterov's",
  reference: "Sutskever, Martens, Dahl, Hinton, ICML 2013",
  options: {
    ...common(0.01),
    lazy: lazyOption,
    momentum: z.number().min(0).lt(1).default(0).describe("how much of the last step goes on"),
    nesterov: z.boolean().default(false).describe("step along gradient plus momentum"),
    weightDecay: decayOption(0),
  },
  examples: [{ learningRate: 0.05 }, { learningRate: 0.02, momentum: 0.9, nesterov: true }],
  method: ({ momentum, nesterov, weightDecay, lazy, ...pace }) => ({
    core: momentumCore(momentum, nesterov),
    lazy,
    ...withSchedule(pace),
    weightDecay,
  }),
});

function momentumCore(momentum: number, nesterov: boolean): Core<"m"> {
  return {
    isElementwise: true,
    ...(momentum === 0 ? { forgets: true as const } : {}),
    start: (length) => ({ slots: zeros(length, "m"), numbers: {} }),
    step({ slots: { m } }, { weights, gradient, scale, rate }) {
      for (let i = 0; i < weights.length; i++) {
        const g = scale * gradient[i]!;
        const next = momentum * m[i]! + g;
        m[i] = next;
        weights[i]! -= rate * (nesterov ? g + momentum * next : next);
      }
    },
  };
}

export const lion = defineAdaptive({
  name: "lion",
  summary: "the sign of a momentum: every weight moves by the whole rate, one slot a weight",
  reference: "Chen et al., NeurIPS 2023",
  options: {
    ...common(0.0001),
    lazy: lazyOption,
    beta1: betaOption(0.9, "how much of the momentum is in the step's sign"),
    beta2: betaOption(0.99, "how long the momentum remembers"),
    weightDecay: decayOption(0),
  },
  examples: [{}, { learningRate: 0.02, beta1: 0.95, beta2: 0.98 }],
  method: ({ beta1, beta2, weightDecay, lazy, ...pace }) => ({
    core: lionCore(beta1, beta2),
    lazy,
    ...withSchedule(pace),
    weightDecay,
  }),
});

/** u = sign(b1 m + (1 - b1) g); m <- b2 m + (1 - b2) g. */
function lionCore(beta1: number, beta2: number): Core<"m"> {
  return {
    isElementwise: true,
    start: (length) => ({ slots: zeros(length, "m"), numbers: {} }),
    step({ slots: { m } }, { weights, gradient, scale, rate }) {
      for (let i = 0; i < weights.length; i++) {
        const g = scale * gradient[i]!;
        const before = m[i]!;
        m[i] = beta2 * before + (1 - beta2) * g;
        weights[i]! -= rate * Math.sign(beta1 * before + (1 - beta1) * g);
      }
    },
  };
}
