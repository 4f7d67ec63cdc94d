import { neighbours, tooFewSlots } from "./cyclic.ts";
import type { Encoding } from "./encoding.ts";
import { copiesByGroup, indivisible } from "./groups.ts";

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
