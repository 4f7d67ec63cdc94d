import * as z from "zod";
import { define } from "../core/registry.ts";
import { cyclicRepetition, neighbours, tooFewSlots } from "./cyclic.ts";
import type { Encoding } from "./encoding.ts";
import { copiesByGroup, firstOfGroup, indivisible } from "./replication.ts";

/**
 * Each part of the data at s + 1 slots, so that any m - s sums over slots give the whole sum, of
 * every loss, exactly. Fractional repetition: s + 1 slots hold the same m/(s+1)-th of the data, and
 * one of them counts. Cyclic repetition: slot i holds parts i, ..., i + s of m and weighs them.
 */
export const gradientCode = define({
  name: "gradient-code",
  summary: "each part at s + 1 slots: exact for any loss with all but s replies; else it waits on",
  reference:
    "Tandon, Lei, Dimakis, Karampatziakis, ICML 2017: fractional and cyclic repetition; " +
    "Raviv, Tamo, Tandon, Dimakis, ICML 2018: cyclic codes",
  options: {
    stragglers: z.int().min(0).max(63).default(1).describe("s: how many replies may be missing"),
    arrangement: z
      .enum(["fractional", "cyclic"])
      .default("fractional")
      .describe(
        "fractional: groups of s + 1 slots hold the same, and s + 1 must divide the workers; " +
          "cyclic: each slot overlaps its neighbours, for any number of workers",
      ),
    approximate: z
      .union([z.boolean(), z.literal("one-step")], "expected true, false or one-step")
      .default(false)
      .describe(
        "with fewer replies go on instead of waiting: true decodes by least squares, one-step " +
          "takes every reply alike, unbiased but never exact before the last",
      ),
  },
  examples: [
    {},
    { stragglers: 3 },
    { stragglers: 1, approximate: true },
    { stragglers: 3, arrangement: "cyclic" },
    { stragglers: 2, arrangement: "cyclic", approximate: true },
    { stragglers: 1, approximate: "one-step" },
    { stragglers: 2, arrangement: "cyclic", approximate: "one-step" },
  ],
  create({ stragglers, arrangement, approximate }): Encoding {
    if (approximate === "one-step") return oneStepDecoder(stragglers, arrangement);
    if (arrangement === "cyclic") return cyclicRepetition(stragglers, approximate);
    return fractionalRepetition(stragglers, approximate);
  },
});

function fractionalRepetition(stragglers: number, approximate: boolean): Encoding {
  return {
    redundancy: stragglers + 1,
    mixes: false,
    tight: true,
    refusal: (workers) => indivisible(stragglers, workers),
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
  };
}

/**
 * Decoding in one step: every reply has weight m/(k(s+1)), k the number of replies. A part that was
 * heard from n of its s + 1 slots counts n m/(k(s+1)) times: once on average over random replies,
 * exactly once with all, and m/k times at most.
 */
export function oneStepDecoder(stragglers: number, arrangement: "fractional" | "cyclic"): Encoding {
  const copies = stragglers + 1;
  const isCyclic = arrangement === "cyclic";
  return {
    redundancy: copies,
    mixes: false,
    tight: true,
    refusal: (workers) => (isCyclic ? tooFewSlots : indivisible)(stragglers, workers),
    ...(isCyclic ? neighbours(stragglers, null) : copiesByGroup(copies)),
    weights(arrived, storedRows) {
      if (arrived.every((slot) => storedRows[slot] === 0)) return null;
      const weight = storedRows.length / (arrived.length * copies);
      return arrived.map(() => weight);
    },
  };
}
