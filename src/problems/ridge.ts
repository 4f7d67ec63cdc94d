import * as z from "zod";
import { define } from "../core/registry.ts";
import { leastSquares } from "./least-squares.ts";

/** Least squares with an l2 penalty: F(w) = (1/2n) |Xw - y|^2 + (l2/2) |w|^2. */
export const ridge = define({
  name: "ridge",
  summary: "least squares with an l2 penalty; a target of numbers",
  options: {
    l2: z.number().min(0).default(0.001).describe("the penalty's factor; the intercept is free"),
  },
  examples: [{}, { l2: 0.05 }],
  create: ({ l2 }) => leastSquares({ l2, l1: 0 }),
});
