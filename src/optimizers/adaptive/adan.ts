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

interface AdanFactors {
  readonly beta1: number;
  readonly beta2: number;
  readonly beta3: number;
  readonly epsilon: number;
  readonly debias: boolean;
}

export const adan = defineAdaptive({
  name: "adan",
  summary: "Adam with Nesterov momentum, by the differences of gradients",
  reference: "Xie, Zhou, Li, Lin, Yan, IEEE TPAMI 46(12), 2024",
  options: {
    ...common(0.001),
    beta1: betaOption(0.98, "how long the mean of gradients remembers"),
    beta2: betaOption(0.92, "how long the mean of their differences remembers"),
    beta3: betaOption(0.99, "how long the mean square of the gradient looked ahead remembers"),
    epsilon: epsilonOption(1e-8),
    debias: z.boolean().default(true).describe("divide each mean by how much it holds as yet"),
    weightDecay: decayOption(0),
  },
  examples: [{}, { learningRate: 0.05, debias: false }],
  method: ({ beta1, beta2, beta3, epsilon, debias, weightDecay, ...pace }) => ({
    core: adanCore({ beta1, beta2, beta3, epsilon, debias }),
    ...withSchedule(pace),
    weightDecay,
  }),
});

/**
 * d = g - g', 0 at first; m, n means of g and d; v of (g + b2 d)^2;
 * u = (m + b2 n) / (sqrt(v) + eps).
 */
function adanCore(factors: AdanFactors): Core<"m" | "n" | "v" | "before"> {
  const { beta1, beta2, beta3, epsilon, debias } = factors;
  return {
    start: (length) => ({ slots: zeros(length, "m", "n", "v", "before"), numbers: {} }),
    step({ step, slots: { m, n, v, before } }, { weights, gradient, scale, rate }) {
      const held = (beta: number) => (debias ? 1 / (1 - beta ** (step + 1)) : 1);
      const [k1, k2, k3] = [held(beta1), held(beta2), held(beta3)];
      for (let i = 0; i < weights.length; i++) {
        const g = scale * gradient[i]!;
        const d = step === 0 ? 0 : g - before[i]!;
        const ahead = g + beta2 * d;
        const mi = beta1 * m[i]! + (1 - beta1) * g;
        const ni = beta2 * n[i]! + (1 - beta2) * d;
        const vi = beta3 * v[i]! + (1 - beta3) * (ahead * ahead);
        m[i] = mi;
        n[i] = ni;
        v[i] = vi;
        before[i] = g;
        weights[i]! -= rate * ((k1 * mi + beta2 * (k2 * ni)) / (Math.sqrt(k3 * vi) + epsilon));
      }
    },
  };
}
