import type { AdamFactors } from "./adam-core.ts";
import { adamw } from "./adam-family.ts";
import { decayOption, defineAdaptive, withSchedule } from "./adaptive.ts";
import { weightHeld } from "./bias-correction.ts";
import { type Core, zeros } from "./core.ts";

export const nadamw = defineAdaptive({
  name: "nadamw",
  summary: "AdamW with Nesterov momentum: the step goes by the mean that the next step will hold",
  reference: "Dozat, ICLR workshop 2016, without a momentum schedule; decay decoupled, as in AdamW",
  options: { ...adamw.options, weightDecay: decayOption(0.0001) },
  examples: [{}, { learningRate: 0.05, weightDecay: 0.1, clip: 1 }],
  method: ({ beta1, beta2, epsilon, lazy, weightDecay, ...pace }) => ({
    lazy,
    core: nesterovCore({ beta1, beta2, epsilon }),
    ...withSchedule(pace),
    weightDecay,
  }),
});

/**
 * m, v as Adam's; u = (b1 m / (1 - b1^(t+1)) + (1 - b1) g / (1 - b1^t)) / (sqrt(v') + eps): of m
 * what it holds at the next step, if the gradient g comes again.
 */
function nesterovCore({ beta1, beta2, epsilon }: AdamFactors): Core<"m" | "v"> {
  return {
    isElementwise: true,
    start: (length) => ({ slots: zeros(length, "m", "v"), numbers: {} }),
    step({ step, slots: { m, v } }, { weights, gradient, scale, rate }) {
      const t = step + 1;
      const ofMean = beta1 * weightHeld(beta1, t + 1).inverse;
      const ofGradient = (1 - beta1) * weightHeld(beta1, t).inverse;
      const k2 = weightHeld(beta2, t).inverse;
      for (let i = 0; i < weights.length; i++) {
        const g = scale * gradient[i]!;
        const mi = beta1 * m[i]! + (1 - beta1) * g;
        const vi = beta2 * v[i]! + (1 - beta2) * (g * g);
        m[i] = mi;
        v[i] = vi;
        const ahead = ofMean * mi + ofGradient * g;
        weights[i]! -= rate * (ahead / (Math.sqrt(k2 * vi) + epsilon));
      }
    },
  };
}
