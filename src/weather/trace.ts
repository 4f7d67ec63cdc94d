import * as z from "zod";
import { define } from "../core/registry.ts";
import type { LatencyModel } from "./latency.ts";

export const trace = define({
  name: "trace",
  summary: "replays given delays: one list a round, one delay a slot, both from the start again",
  options: {
    delaysMs: z
      .array(z.array(z.number().min(0).max(900_000)).min(1).max(10_000))
      .min(1)
      .max(100_000)
      .describe("a list of delays for every round"),
  },
  examples: [{ delaysMs: [[0, 100, 0], [500]] }],
  create: ({ delaysMs }): LatencyModel => ({
    delayMs({ round, slot }) {
      const row = delaysMs[((round % delaysMs.length) + delaysMs.length) % delaysMs.length]!;
      return row[((slot % row.length) + row.length) % row.length]!;
    },
  }),
});
