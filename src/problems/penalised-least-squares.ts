import * as z from "zod";
import { define } from "../core/registry.ts";
import { multiply } from "../math/products.ts";
import type { Examples } from "../math/rows.ts";
import { dot } from "../math/vector.ts";
import { overPredictions } from "./linear.ts";
import type { Penalized } from "./penalty.ts";
import type { Problem } from "./problem.ts";

/** Least squares with an l2 penalty: F(w) = (1/2n) |Xw - y|^2 + (l2/2) |w|^2. */
export const ridge = define({
  name: "ridge",
  summary: "least squares with an l2 penalty; a target of numbers",
  options: {
    l2: z.number().min(0).default(0.001).describe("the penalty's factor; the intercept is free"),
  },
  examples: [{}, { l2: 0.05 }],
  create: ({ l2 }) => linear({ l2, l1: 0 }),
});

/** Least squares that chooses features: F(w) = (1/2n) |Xw - y|^2 + l1 |w|_1. */
export const lasso = define({
  name: "lasso",
  summary: "least squares with an l1 penalty, which leaves few weights other than zero",
  reference: "Tibshirani, J. Royal Statistical Society B 58, 1996",
  options: {
    l1: z.number().min(0).default(0.01).describe("the penalty's factor; the intercept is free"),
  },
  examples: [{}, { l1: 0.1 }],
  create: ({ l1 }) => linear({ l1, l2: 0 }),
});

/** Between lasso and ridge: F(w) = (1/2n) |Xw - y|^2 + (l2/2) |w|^2 + l1 |w|_1. */
export const elasticNet = define({
  name: "elastic-net",
  summary: "least squares with both penalties: few weights, and features alike stay together",
  reference: "Zou and Hastie, J. Royal Statistical Society B 67, 2005",
  options: {
    l1: z.number().min(0).default(0.01).describe("factor of |w|_1; the intercept is free"),
    l2: z.number().min(0).default(0.001).describe("factor of |w|^2 / 2; the intercept is free"),
  },
  examples: [{}, { l1: 0.1, l2: 0.05 }],
  create: ({ l1, l2 }) => linear({ l1, l2 }),
});

/** The same over predictions that are linear: every row by its own weight. */
function linear(penalties: Penalized): Problem {
  return { ...leastSquares(penalties), weighsRows: true };
}

/** Least squares under a penalty: F(w) = (1/2n) |Xw - y|^2 + (l2/2) |w|^2 + l1 |w|_1. */
export function leastSquares({ l1, l2 }: Penalized): Problem {
  return {
    target: "numbers",
    classesMax: 0,
    isQuadratic: true,
    l2,
    l1,
    weightsLength: (columns) => columns,
    lossAt: halfSquares,
    ...overPredictions(halfSquares, { fused: "leastSquares" }),
    lineSearchTerms({ rows, weights: rowWeights }, _weights, direction) {
      const change = multiply(rows, direction, new Float64Array(rows.rows));
      if (rowWeights === undefined) return Float64Array.of(dot(change, change));
      return Float64Array.of(weightedSquares(change, rowWeights));
    },
    smoothness: (largestEigenvalue) => largestEigenvalue,
    tally(examples, weights, about = 0) {
      const residuals = residualsAt(examples, weights);
      let absolute = 0;
      let targets = 0;
      let squares = 0;
      for (let i = 0; i < residuals.length; i++) {
        const target = examples.targets[i]! - about;
        absolute += Math.abs(residuals[i]!);
        targets += target;
        squares += target * target;
      }
      return Float64Array.of(
        residuals.length,
        dot(residuals, residuals),
        absolute,
        targets,
        squares,
      );
    },
    metrics(tally) {
      const [count, squaredErrors, absolute, targets, squares] = tally as unknown as Five;
      const spread = squares - (targets * targets) / count;
      return {
        meanLoss: squaredErrors / count / 2,
        metrics: {
          rmse: Math.sqrt(squaredErrors / count),
          mae: absolute / count,
          r2: 1 - squaredErrors / spread,
        },
      };
    },
  };
}

/** Half the sum of squared residuals; their slopes are the residuals. */
export function halfSquares(
  predictions: Float64Array<ArrayBuffer>,
  targets: Float32Array,
  slopes: Float64Array<ArrayBuffer> = predictions.slice(),
  rowWeights?: Float32Array,
): number {
  for (let i = 0; i < targets.length; i++) slopes[i] = predictions[i]! - targets[i]!;
  if (rowWeights === undefined) return dot(slopes, slopes) / 2;
  const loss = weightedSquares(slopes, rowWeights) / 2;
  for (let i = 0; i < targets.length; i++) slopes[i]! *= rowWeights[i]!;
  return loss;
}

function weightedSquares(values: Float64Array, rowWeights: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += rowWeights[i]! * values[i]! * values[i]!;
  return sum;
}

type Five = [number, number, number, number, number];

function residualsAt(examples: Examples, weights: Float32Array): Float64Array<ArrayBuffer> {
  const residuals = multiply(examples.rows, weights, new Float64Array(examples.rows.rows));
  for (let i = 0; i < residuals.length; i++) residuals[i]! -= examples.targets[i]!;
  return residuals;
}
