import * as z from "zod";
import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask } from "./latency.ts";

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

/** The median and the spread of the log-normal tenth. */
const lateSeconds = 0.45;
const lateSpread = 0.4;

export const lambda = define({
  name: "lambda",
  summary: "additive lateness as fitted to published Lambda traces; no bursts",
  reference: "published traces of 256 synchronous Lambda invocations a round, 2022",
  options: {},
  examples: [{}],
  create: (): LatencyModel => ({
    delayMs(moment, root) {
      const random = ofTask(root, moment);
      const seconds =
        random.uniform() < 0.1
          ? lateSeconds * Math.exp(lateSpread * random.normal())
          : Math.max(0, 0.04 * random.normal());
      return 1000 * seconds;
    },
  }),
});

const reference = "published traces of 256 synchronous Lambda invocations a round, 2022";

const levels = [0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 1];

/** Seconds over the round's median at `levels`; whoever is faster counts as not late. */
const excessSeconds = {
  a: [0, 0.0372, 0.1448, 0.4543, 0.6384, 0.7723, 0.8925, 1.3327, 10.387, 37.0383],
  b: [0, 0.0801, 0.1844, 0.274, 0.4376, 0.5918, 0.8233, 26.2115, 36.5588, 38.5672],
  c: [0, 0.2689, 0.4843, 0.6249, 0.8387, 1.041, 1.2467, 3.6623, 18.1373, 27.4022],
};

export const lambdaTraceA = replay("a", "convolutional network, one region");
export const lambdaTraceB = replay("b", "convolutional network, four regions");
export const lambdaTraceC = replay("c", "ResNet-18, bound by its file system");

function replay(group: keyof typeof excessSeconds, what: string) {
  const seconds = excessSeconds[group];
  return define({
    name: `lambda-trace-${group}`,
    summary: `quantiles of measured lateness, bursts in the tail: ${what}`,
    reference,
    options: {},
    examples: [{}],
    create: (): LatencyModel => ({
      delayMs: (moment, root) => 1000 * quantile(seconds, ofTask(root, moment).uniform()),
    }),
  });
}

/** Linear between the table's levels. */
function quantile(seconds: readonly number[], level: number): number {
  const above = levels.findIndex((bound) => level < bound);
  if (above <= 0) return 0;
  const [low, high] = [levels[above - 1]!, levels[above]!];
  const share = (level - low) / (high - low);
  return seconds[above - 1]! + share * (seconds[above]! - seconds[above - 1]!);
}
