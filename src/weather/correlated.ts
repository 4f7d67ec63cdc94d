import * as z from "zod";
import type { Random } from "../core/random.ts";
import { define } from "../core/registry.ts";
import { type LatencyModel, ofTask, probability } from "./latency.ts";

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

export const bursts = define({
  name: "bursts",
  summary: "rounds are calm or stormy by a two-state Markov chain; storms hit a share of the slots",
  options: {
    begin: probability.default(0.1).describe("the chance that a storm follows a calm round"),
    end: probability.default(0.3).describe("the chance that a calm round follows a storm"),
    slots: probability.default(0.3).describe("the share of slots that a stormy round hits"),
    delayMs: z.number().min(0).max(900_000).default(1000).describe("how late those tasks are"),
    calmMs: z.number().min(0).max(900_000).default(20).describe("the mean delay of all others"),
  },
  examples: [{}, { begin: "5%", end: "50%", slots: "2%", delayMs: 25_000 }],
  create: ({ begin, end, slots, delayMs, calmMs }): LatencyModel => ({
    delayMs(moment, root) {
      if (isBurst(root, moment.round, begin, end)) {
        const hit = root.fork(`round/${moment.round}/slot/${moment.slot}`).uniform() < slots;
        if (hit) return delayMs;
      }
      return -calmMs * Math.log(1 - ofTask(root, moment).uniform());
    },
  }),
});

/**
 * The chain's state in a round, as a function of that round alone. Every round has one number,
 * which some numbers turn into a state whatever was before: going back to the latest such round
 * is as good as going back to the first, and a few rounds on average.
 */
export function isBurst(root: Random, round: number, begin: number, end: number): boolean {
  const follows = (number: number, stormy: boolean) => (stormy ? number < 1 - end : number < begin);
  const numbers: number[] = [];
  for (let at = round; at >= 0; at--) {
    const number = root.fork(`round/${at}`).uniform();
    if (follows(number, true) === follows(number, false)) {
      return numbers.reduceRight((stormy, next) => follows(next, stormy), follows(number, true));
    }
    numbers.push(number);
  }
  return numbers.reduceRight((stormy, next) => follows(next, stormy), false);
}
