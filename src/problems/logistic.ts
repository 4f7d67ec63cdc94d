import * as z from "zod";
import { define } from "../core/registry.ts";
import { overPredictions } from "./linear.ts";
import type { Problem } from "./problem.ts";
import { twoClasses } from "./two-classes.ts";

/**
 * Two classes, t = 0 or 1: F(w) = (1/n) sum of [log(1 + exp(x'w)) - t x'w] + (l2/2) |w|^2. Not
 * quadratic, so it does not hold over mixtures of rows.
 */
export const logistic = define({
  name: "logistic",
  summary: "logistic regression for two classes, with an l2 penalty",
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
    link: "sigmoid",
    weightsLength: (columns) => columns,
    lossAt: logLoss,
    ...overPredictions(logLoss, "logistic"),
    smoothness: (largestEigenvalue) => largestEigenvalue / 4,
    ...twoClasses(logLoss, "logloss"),
  }),
});

function logLoss(
  margins: Float64Array<ArrayBuffer>,
  targets: Float32Array,
  slopes?: Float64Array<ArrayBuffer>,
): number {
  let loss = 0;
  for (let i = 0; i < margins.length; i++) {
    const margin = margins[i]!;
    loss += softplus(margin) - targets[i]! * margin;
    if (slopes !== undefined) slopes[i] = sigmoid(margin) - targets[i]!;
  }
  return loss;
}

/** log(1 + exp(z)) without overflow. */
function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
