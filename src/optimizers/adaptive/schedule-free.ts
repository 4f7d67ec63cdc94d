import * as z from "zod";
import {
  betaOption,
  common,
  decayOption,
  defineAdaptive,
  epsilonOption,
  withSchedule,
} from "./adaptive.ts";
import { type Core, zeros } from "./core.ts";

interface ScheduleFreeFactors {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly r: number;
}

export const scheduleFree = defineAdaptive({
  name: "schedule-free",
  summary: "AdamW whose weights are an average of its iterates: no decaying rate is needed",
  reference: "Defazio et al., The Road Less Scheduled, NeurIPS 2024",
  options: {
    ...common(0.0025),
    beta1: betaOption(0.9, "how near the average the gradient is asked; 0: at the iterate"),
    beta2: betaOption(0.999, "how long the mean of squares remembers"),
    epsilon: epsilonOption(1e-8),
    r: z.number().min(0).default(0).describe("iterate k counts (k + 1)^r times in the average"),
    weightDecay: decayOption(0),
  },
  examples: [{}, { learningRate: 0.1, weightDecay: 0.001, r: 1 }],
  method: ({ beta1, beta2, epsilon, r, weightDecay, ...pace }) => ({
    core: scheduleFreeCore({ beta1, beta2, epsilon, r }),
    ...withSchedule(pace),
    weightDecay,
  }),
});

/**
 * Weights x, iterate z, and y = b1 x + (1 - b1) z where the gradient is asked:
 * z <- z - rate (g / (sqrt(v') + eps) + decay y); x <- (1 - c) x + c z with c = w / sum of w,
 * w = (k + 1)^r rateMax^2.
 */
function scheduleFreeCore(factors: ScheduleFreeFactors): Core<"z" | "v", "average"> {
  const { beta1, beta2, epsilon, r } = factors;
  return {
    asksAhead: true,
    decays: true,
    start: (length) => ({
      slots: zeros(length, "z", "v"),
      numbers: { average: new Float64Array(2) },
    }),
    step({ step, slots, numbers: { average } }, here) {
      const { z: iterate, v } = slots;
      const { weights, asked, gradient, scale, rate, weightDecay } = here;
      if (step === 0) iterate.set(weights);
      average[1] = Math.max(average[1]!, rate);
      const weight = (step + 1) ** r * average[1]! ** 2;
      average[0]! += weight;
      const c = average[0] === 0 ? 0 : weight / average[0]!;
      const k2 = 1 / (1 - beta2 ** (step + 1));
      for (let i = 0; i < weights.length; i++) {
        const g = scale * gradient[i]!;
        const vi = beta2 * v[i]! + (1 - beta2) * (g * g);
        const direction = g / (Math.sqrt(k2 * vi) + epsilon) + weightDecay * asked[i]!;
        const zi = iterate[i]! - rate * direction;
        const xi = (1 - c) * weights[i]! + c * zi;
        v[i] = vi;
        iterate[i] = zi;
        weights[i] = xi;
        asked[i] = beta1 * xi + (1 - beta1) * zi;
      }
    },
  };
}
