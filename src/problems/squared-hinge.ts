import * as z from "zod";
import { define } from "../core/registry.ts";
import { overPredictions } from "./linear.ts";
import type { Problem } from "./problem.ts";
import { twoClasses } from "./two-classes.ts";

/**
 * A support vector machine, smooth: with s = -1 or 1 for the two classes, F(w) = (1/n) sum of
 * max(0, 1 - s x'w)^2 / 2 + (l2/2) |w|^2. Only rows inside the margin pull, so it is not quadratic.
 */
export const squaredHinge = define({
  name: "squared-hinge",
  summary: "support vector machine for two classes: the squared hinge loss, with an l2 penalty",
  options: {
    l2: z.number().min(0).default(0.001).describe("the penalty's factor; the intercept is free"),
  },
  examples: [{}, { l2: 0.01 }],
  create: ({ l2 }): Problem => ({
    target: "classes",
    classesMax: 2,
    isQuadratic: false,
    l2,
    l1: 0,
    weightsLength: (columns) => columns,
    lossAt: halfSquaredHinge,
    ...overPredictions(halfSquaredHinge),
    smoothness: (largestEigenvalue) => largestEigenvalue,
    ...twoClasses(halfSquaredHinge, "hinge"),
  }),
});

function halfSquaredHinge(
  margins: Float64Array<ArrayBuffer>,
  targets: Float32Array,
  slopes?: Float64Array<ArrayBuffer>,
): number {
  let loss = 0;
  for (let i = 0; i < targets.length; i++) {
    const sign = targets[i]! > 0 ? 1 : -1;
    const short = Math.max(0, 1 - sign * margins[i]!);
    loss += (short * short) / 2;
    if (slopes !== undefined) slopes[i] = -sign * short;
  }
  return loss;
}
