import * as z from "zod";
import { define } from "../core/registry.ts";
import { leastSquares } from "./least-squares.ts";

/** Least squares that chooses features: F(w) = (1/2n) |Xw - y|^2 + l1 |w|_1. */
export const lasso = define({
  name: "lasso",
  summary: "least squares with an l1 penalty, which leaves few weights other than zero",
  reference: "Tibshirani, J. Royal Statistical Society B 58, 1996",
  options: {
    l1: z.number().min(0).default(0.01).describe("the penalty's factor; the intercept is free"),
  },
  examples: [{}, { l1: 0.1 }],
  create: ({ l1 }) => leastSquares({ l1, l2: 0 }),
});
