import * as z from "zod";
import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask } from "./latency.ts";
import { probability } from "./probability.ts";

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
