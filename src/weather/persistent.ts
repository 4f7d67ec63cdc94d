import * as z from "zod";
import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask } from "./latency.ts";

export const persistent = define({
  name: "persistent",
  summary: "some slots are slow for ever: each has background tasks whose number is a power law",
  options: {
    taskMs: z
      .number()
      .min(0)
      .max(60_000)
      .default(20)
      .describe("the delay one background task adds"),
    exponent: z.number().gt(1).max(10).default(1.5).describe("P(number = n) falls as n^-exponent"),
    tasksMax: z.number().int().min(1).max(1000).default(50).describe("the largest number"),
    jitter: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe("how far a task's time varies, relative to its mean"),
  },
  examples: [{}, { taskMs: 100, jitter: 0 }],
  create({ taskMs, exponent, tasksMax, jitter }): LatencyModel {
    const shares = Array.from({ length: tasksMax }, (_, i) => (i + 1) ** -exponent);
    const total = shares.reduce((sum, share) => sum + share, 0);
    let sum = 0;
    const cumulated = shares.map((share) => {
      sum += share / total;
      return sum;
    });
    return {
      delayMs(moment, root) {
        const level = root.fork(`slot/${moment.slot}`).uniform();
        const index = cumulated.findIndex((share) => level < share);
        // One task is the function's own.
        const background = index < 0 ? tasksMax - 1 : index;
        const spread = 2 * jitter * ofTask(root, moment).uniform();
        // The function's own varies as well: else the same few idle slots would always be first.
        return taskMs * (background * (1 - jitter + spread) + spread);
      },
    };
  },
});
