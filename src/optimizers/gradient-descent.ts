import * as z from "zod";
import { define } from "../core/registry.ts";
import { scaled } from "../math/vector.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * w - alpha g. The safe step needs no knowledge of the erasures: for a tight frame the estimate's
 * Hessian is at most H over the share of rows that replied, so alpha = share / L never overshoots,
 * whichever slots they were.
 */
export const gradientDescent = define({
  name: "gradient-descent",
  summary: "a step along the negative gradient; safe for every set of replies by default",
  options: {
    step: z
      .union([z.literal("safe"), z.number().positive()])
      .default("safe")
      .describe('the step size: "safe" (share of rows that replied, over L) or a number'),
  },
  examples: [{}, { step: 0.1 }],
  create: ({ step }): Optimizer => ({
    searches: false,
    wantsPairs: false,
    needsCurvature: step === "safe",
    start: () => ({ pairs: [] }),
    remember: (memory) => memory,
    direction: (_memory, gradient) => scaled(-1, gradient),
    step: ({ smoothness, share }) => (step === "safe" ? share / smoothness : step),
    backOff: () => 1,
  }),
});
