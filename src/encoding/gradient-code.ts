import * as z from "zod";
import { define } from "../core/registry.ts";
import type { Encoding } from "./encoding.ts";
import { copiesByGroup, firstOfGroup } from "./groups.ts";

/**
 * Fractional repetition: the data are cut in m/(s+1) parts, and s + 1 slots hold each. The sum over
 * one slot of every part is the whole sum, for every loss, so any m - s replies give it exactly.
 */
export const gradientCode = define({
  name: "gradient-code",
  summary: "each part at s + 1 slots: exact for any loss with all but s replies; else it waits on",
  reference: "Tandon, Lei, Dimakis, Karampatziakis, ICML 2017: fractional repetition gradient code",
  options: {
    stragglers: z.int().min(0).max(63).default(1).describe("s: how many replies may be missing"),
    approximate: z
      .boolean()
      .default(false)
      .describe("where parts are missing, go on with the sum of the others instead of waiting"),
  },
  examples: [{}, { stragglers: 3 }, { stragglers: 1, approximate: true }],
  create: ({ stragglers, approximate }): Encoding => ({
    redundancy: stragglers + 1,
    mixes: false,
    tight: true,
    refusal: (workers) =>
      workers % (stragglers + 1) === 0
        ? null
        : `a gradient code for ${stragglers} stragglers keeps ${stragglers + 1} copies of each ` +
          `part, which needs a number of workers that ${stragglers + 1} divides`,
    ...copiesByGroup(stragglers + 1),
    /**
     * One slot of each part has weight 1, which solves B'a = 1 where every part was heard, and is
     * its least-squares solution where not: missing parts then count as zero.
     */
    weights(arrived, storedRows, rows) {
      const weights = firstOfGroup(arrived, storedRows.length / (stragglers + 1));
      let seen = 0;
      for (const [i, slot] of arrived.entries()) seen += weights[i]! * storedRows[slot]!;
      return seen === rows || (approximate && seen > 0) ? weights : null;
    },
  }),
});
