import * as z from "zod";
import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask } from "./latency.ts";
import { probability } from "./probability.ts";

export const late = define({
  name: "late",
  summary: "a task is late by exactly `delayMs`, with a probability of its own",
  options: {
    probability: probability.default(0.1).describe("the share of tasks that are late"),
    delayMs: z.number().min(0).max(900_000).default(1000).describe("how late they are"),
  },
  examples: [{}, { probability: "20%", delayMs: 5000 }],
  create: (options): LatencyModel => ({
    delayMs: (moment, root) =>
      ofTask(root, moment).uniform() < options.probability ? options.delayMs : 0,
  }),
});
