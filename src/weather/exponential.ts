import * as z from "zod";
import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask } from "./latency.ts";

export const exponential = define({
  name: "exponential",
  summary: "a fixed delay plus an exponential one, memoryless",
  options: {
    meanMs: z.number().min(0).max(900_000).default(100).describe("the exponential part's mean"),
    shiftMs: z.number().min(0).max(900_000).default(0).describe("what every task waits"),
  },
  examples: [{}, { meanMs: 10 }, { meanMs: 1000, shiftMs: 200 }],
  create: ({ meanMs, shiftMs }): LatencyModel => ({
    delayMs: (moment, root) => shiftMs - meanMs * Math.log(1 - ofTask(root, moment).uniform()),
  }),
});
