import * as z from "zod";
import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask } from "./latency.ts";

/** No invocation outlives this. */
const delayMsMax = 900_000;

export const pareto = define({
  name: "pareto",
  summary: "heavy tails: at least `scaleMs`, and P(delay > x) = (scaleMs / x)^shape",
  options: {
    scaleMs: z.number().min(0).max(delayMsMax).default(50).describe("the least delay"),
    shape: z.number().positive().max(100).default(1.5).describe("the tail's exponent"),
  },
  examples: [{}, { scaleMs: 100, shape: 3 }],
  create: ({ scaleMs, shape }): LatencyModel => ({
    delayMs: (moment, root) =>
      Math.min(delayMsMax, scaleMs * (1 - ofTask(root, moment).uniform()) ** (-1 / shape)),
  }),
});
