import * as z from "zod";
import { define } from "../core/registry.ts";
import {
  softplusRowsMin,
  softplusSlopes,
  softplusStepsMax,
  softplusSum,
  softplusSumsAlong,
} from "../math/kernels/softplus.ts";
import { classAt } from "./class-probabilities.ts";
import { overPredictions, predictLinear } from "./linear.ts";
import type { Problem } from "./problem.ts";

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
    weighsRows: true,
    l2,
    l1: 0,
    link: "sigmoid",
    weightsLength: (columns) => columns,
    lossAt: logLoss,
    ...overPredictions(logLoss, { fused: "logistic", lossesAlong: logLossesAlong }),
    smoothness: (largestEigenvalue) => largestEigenvalue / 4,
    ...twoClasses(logLoss, "logloss"),
  }),
});

function logLoss(
  margins: Float64Array<ArrayBuffer>,
  targets: Float32Array,
  slopes?: Float64Array<ArrayBuffer>,
  rowWeights?: Float32Array,
): number {
  if (rowWeights === undefined && margins.length >= softplusRowsMin)
    return slopes === undefined
      ? softplusSum(margins, targets)
      : softplusSlopes(margins, targets, slopes);
  let loss = 0;
  for (let i = 0; i < margins.length; i++) {
    const margin = margins[i]!;
    // Of -|margin|: the exponential does not overflow.
    const e = Math.exp(-Math.abs(margin));
    const times = rowWeights === undefined ? 1 : rowWeights[i]!;
    loss += times * (Math.max(margin, 0) + Math.log1p(e) - targets[i]! * margin);
    if (slopes !== undefined) slopes[i] = times * ((margin >= 0 ? 1 : e) / (1 + e) - targets[i]!);
  }
  return loss;
}

/** `logLoss` at each of some steps, to the bit; null where plain loops must do. */
function logLossesAlong(
  margins: Float64Array<ArrayBuffer>,
  changes: Float64Array<ArrayBuffer>,
  targets: Float32Array,
  steps: Float64Array,
): Float64Array | null {
  if (margins.length < softplusRowsMin || steps.length > softplusStepsMax) return null;
  return softplusSumsAlong({ margins, changes }, targets, steps);
}

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
    weighsRows: true,
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
  rowWeights?: Float32Array,
): number {
  let loss = 0;
  for (let i = 0; i < targets.length; i++) {
    const sign = targets[i]! > 0 ? 1 : -1;
    const short = Math.max(0, 1 - sign * margins[i]!);
    const times = rowWeights === undefined ? 1 : rowWeights[i]!;
    loss += times * ((short * short) / 2);
    if (slopes !== undefined) slopes[i] = times * (-sign * short);
  }
  return loss;
}

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
    weighsRows: true,
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
  rowWeights?: Float32Array,
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
    const times = rowWeights === undefined ? 1 : rowWeights[i]!;
    loss += times * (largest - predictions[own]! + Math.log(sum));
    if (slopes === undefined) continue;
    for (let at = i; at < predictions.length; at += rows)
      slopes[at] = Math.exp(predictions[at]! - largest) / sum;
    slopes[own]! -= 1;
    if (rowWeights === undefined) continue;
    for (let at = i; at < predictions.length; at += rows) slopes[at]! *= times;
  }
  return loss;
}

/** Tally and metrics of a loss over margins whose sign tells the class; `name` is the loss's. */
export function twoClasses(
  lossAt: Problem["lossAt"],
  name: string,
): Pick<Problem, "tally" | "metrics"> {
  return {
    tally({ rows, targets }, weights, _about, auc) {
      const margins = predictLinear(rows, weights);
      auc?.addAll(margins, targets);
      let right = 0;
      for (let i = 0; i < margins.length; i++) if (margins[i]! > 0 === targets[i]! > 0) right++;
      return Float64Array.of(margins.length, lossAt(margins, targets), right);
    },
    metrics(tally) {
      const [count, loss, right] = tally as unknown as [number, number, number];
      const meanLoss = loss / count;
      return { meanLoss, metrics: { accuracy: right / count, [name]: meanLoss } };
    },
  };
}
