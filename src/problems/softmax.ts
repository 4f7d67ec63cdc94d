import * as z from "zod";
import { define } from "../core/registry.ts";
import { classAt } from "./class-probabilities.ts";
import { overPredictions, predictLinear } from "./linear.ts";
import type { Problem } from "./problem.ts";

/**
 * Several classes, t = 0, 1, ..., with a block of weights each: F(w) = (1/n) sum of
 * [log(sum over k of exp(x'w_k)) - x'w_t] + (l2/2) |w|^2. The Hessian of a row's loss in its
 * predictions is diag(p) - pp', at most I/2.
 */
export const softmax = define({
  name: "softmax",
  summary: "multinomial logistic regression for several classes, with an l2 penalty",
  reference: "Boehning, Annals of the Institute of Statistical Mathematics 44, 1992: the bound I/2",
  options: {
    l2: z.number().min(0).default(0.001).describe("the penalty's factor; intercepts are free"),
  },
  examples: [{}, { l2: 0.01 }],
  create: ({ l2 }): Problem => ({
    target: "classes",
    classesMax: 1_000,
    isQuadratic: false,
    l2,
    l1: 0,
    link: "softmax",
    weightsLength: (columns, classes) => columns * classes,
    lossAt: crossEntropy,
    ...overPredictions(crossEntropy),
    smoothness: (largestEigenvalue) => largestEigenvalue / 2,
    tally({ rows, targets }, weights, _about, auc) {
      const predictions = predictLinear(rows, weights);
      if (auc !== undefined && predictions.length === 2 * targets.length)
        for (let i = 0; i < targets.length; i++)
          auc.add(predictions[targets.length + i]! - predictions[i]!, targets[i]!);
      let right = 0;
      for (let i = 0; i < targets.length; i++)
        if (classAt(predictions, targets.length, i) === targets[i]) right++;
      return Float64Array.of(targets.length, crossEntropy(predictions, targets), right);
    },
    metrics(tally) {
      const [count, loss, right] = tally as unknown as [number, number, number];
      return {
        meanLoss: loss / count,
        metrics: { accuracy: right / count, logloss: loss / count },
      };
    },
  }),
});

function crossEntropy(
  predictions: Float64Array<ArrayBuffer>,
  targets: Float32Array,
  slopes?: Float64Array<ArrayBuffer>,
): number {
  const rows = targets.length;
  let loss = 0;
  for (let i = 0; i < rows; i++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let at = i; at < predictions.length; at += rows)
      largest = Math.max(largest, predictions[at]!);
    let sum = 0;
    for (let at = i; at < predictions.length; at += rows)
      sum += Math.exp(predictions[at]! - largest);
    const own = i + targets[i]! * rows;
    loss += largest - predictions[own]! + Math.log(sum);
    if (slopes === undefined) continue;
    for (let at = i; at < predictions.length; at += rows)
      slopes[at] = Math.exp(predictions[at]! - largest) / sum;
    slopes[own]! -= 1;
  }
  return loss;
}
