import * as z from "zod";
import { addScaled } from "../math/vector.ts";
import type { Standing, Stepper } from "./optimizer.ts";

/**
 * The step size of first-order methods. The safe step needs no knowledge of the erasures: for a
 * tight frame the estimate's Hessian is at most H over the share of rows that replied, so
 * alpha = share / L never overshoots, whichever slots they were.
 */
export const stepOption = z
  .union([z.literal("safe"), z.number().positive()])
  .default("safe")
  .describe('the step size: "safe" (share of rows that replied, over L) or a number');

export type StepOption = z.output<typeof stepOption>;

export function stepRule(step: StepOption): Pick<Stepper, "needsCurvature" | "stepSize"> {
  return {
    needsCurvature: step === "safe",
    stepSize: ({ smoothness, share }) => (step === "safe" ? share / smoothness : step),
  };
}

/** prox(y - alpha g), y where the gradient was asked. */
export function proximalStep(here: Standing): Float64Array<ArrayBuffer> {
  const { asked, gradient, stepSize, shrink } = here;
  return shrink(addScaled(Float64Array.from(asked), -stepSize, gradient), stepSize);
}
