import { betaOption, common, decayOption, defineAdaptive, withSchedule } from "./adaptive.ts";
import { type Core, zeros } from "./core.ts";

export const lion = defineAdaptive({
  name: "lion",
  summary: "the sign of a momentum: every weight moves by the whole rate, one slot a weight",
  reference: "Chen et al., NeurIPS 2023",
  options: {
    ...common(0.0001),
    beta1: betaOption(0.9, "how much of the momentum is in the step's sign"),
    beta2: betaOption(0.99, "how long the momentum remembers"),
    weightDecay: decayOption(0),
  },
  examples: [{}, { learningRate: 0.02, beta1: 0.95, beta2: 0.98 }],
  method: ({ beta1, beta2, weightDecay, ...pace }) => ({
    core: lionCore(beta1, beta2),
    ...withSchedule(pace),
    weightDecay,
  }),
});

/** u = sign(b1 m + (1 - b1) g); m <- b2 m + (1 - b2) g. */
function lionCore(beta1: number, beta2: number): Core<"m"> {
  return {
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
