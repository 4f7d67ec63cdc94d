import * as z from "zod";
import { define } from "../core/registry.ts";
import { addScaled, difference, dot } from "../math/vector.ts";
import { proximalStep, stepOption, stepRule } from "./gradient-descent.ts";
import type { Stepper } from "./optimizer.ts";

interface Momentum {
  /** t of the last step; 1 when there is none to go on with. */
  readonly t: number;
}

/**
 * Accelerated proximal gradient: w+ = prox(y - alpha g(y)), t+ = (1 + sqrt(1 + 4t^2))/2,
 * y+ = w+ + ((t - 1)/t+) (w+ - w). The gradient is asked at y, ahead of the weights. Where the
 * last step points uphill, (y - w+)'(w+ - w) > 0, the momentum starts anew. Where X'X of few
 * features is known, it goes at once to where the objective is lowest by that.
 */
export const fista = define({
  name: "fista",
  summary: "proximal gradient with momentum and restarts: an order fewer rounds on hard problems",
  reference:
    "Beck and Teboulle, SIAM J. Imaging Sciences 2(1), 2009; " +
    "restarts: O'Donoghue and Candes, Found. Comput. Math. 15, 2015",
  options: {
    step: stepOption,
    restart: z.boolean().default(true).describe("drop the momentum where it points uphill"),
  },
  examples: [{}, { step: 0.1, restart: false }],
  create: ({ step, restart }): Stepper<Momentum> => ({
    searches: false,
    proximal: true,
    ...stepRule(step),
    start: () => ({ t: 1 }),
    ...(step === "safe" ? { takesGram: true as const } : {}),
    move({ t }, here) {
      if (here.lowest !== undefined) return { memory: { t: 1 }, weights: here.lowest, ask: null };
      const weights = proximalStep(here);
      const change = difference(weights, here.weights);
      if (restart && dot(difference(here.asked, weights), change) > 0)
        return { memory: { t: 1 }, weights, ask: null };
      const next = (1 + Math.sqrt(1 + 4 * t * t)) / 2;
      const ask = addScaled(weights.slice(), (t - 1) / next, change);
      return { memory: { t: next }, weights, ask };
    },
  }),
});
