import * as z from "zod";
import { define } from "../core/registry.ts";
import { leastSquares } from "./least-squares.ts";

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
  create: ({ l1, l2 }) => leastSquares({ l1, l2 }),
});
