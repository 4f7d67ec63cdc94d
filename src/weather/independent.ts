import * as z from "zod";
import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask, probability } from "./latency.ts";

export const calm = define({
  name: "calm",
  summary: "no delays",
  options: {},
  examples: [{}],
  create: (): LatencyModel => ({ delayMs: () => 0 }),
});

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

const ms = z.number().min(0).max(900_000);

export const bimodal = define({
  name: "bimodal",
  summary: "a fast and a slow normal delay, truncated at 0, drawn anew for every task",
  options: {
    slow: probability.default(0.5).describe("the share of slow tasks"),
    fastMs: ms.default(500).describe("the fast mean"),
    fastDeviationMs: ms.default(200).describe("the fast standard deviation"),
    slowMs: ms.default(20_000).describe("the slow mean"),
    slowDeviationMs: ms.default(5_000).describe("the slow standard deviation"),
  },
  examples: [{}, { slow: "10%", fastMs: 20, fastDeviationMs: 5, slowMs: 400 }],
  create: (options): LatencyModel => ({
    delayMs(moment, root) {
      const random = ofTask(root, moment);
      const delayMs =
        random.uniform() < options.slow
          ? options.slowMs + options.slowDeviationMs * random.normal()
          : options.fastMs + options.fastDeviationMs * random.normal();
      return Math.max(0, delayMs);
    },
  }),
});
