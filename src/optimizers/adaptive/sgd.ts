import * as z from "zod";
import { common, decayOption, defineAdaptive, withSchedule } from "./adaptive.ts";
import { type Core, zeros } from "./core.ts";

/** m <- momentum m + g; w <- w - rate m, or with Nesterov w - rate (g + momentum m). */
export const sgd = defineAdaptive({
  name: "sgd",
  summary: "stochastic gradient descent with momentum, plain or Nesterov's",
  reference: "Sutskever, Martens, Dahl, Hinton, ICML 2013",
  options: {
    ...common(0.01),
    momentum: z.number().min(0).lt(1).default(0).describe("how much of the last step goes on"),
    nesterov: z.boolean().default(false).describe("step along gradient plus momentum"),
    weightDecay: decayOption(0),
  },
  examples: [{ learningRate: 0.05 }, { learningRate: 0.02, momentum: 0.9, nesterov: true }],
  method: ({ momentum, nesterov, weightDecay, ...pace }) => ({
    core: momentumCore(momentum, nesterov),
    ...withSchedule(pace),
    weightDecay,
  }),
});

function momentumCore(momentum: number, nesterov: boolean): Core<"m"> {
  return {
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
