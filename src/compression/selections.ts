import { largestMagnitudes } from "../math/kernels/vectors.ts";
import type { Selection } from "./composed.ts";
import { type Count, countOf } from "./count.ts";
import { seedFrom } from "./seeded-positions.ts";

export const everything: Selection = {
  count: (length) => length,
  choose: () => ({ kind: "all" }),
};

/** The k of greatest magnitude; of equals those of lower index. */
export function largest(k: Count): Selection {
  return {
    count: (length) => countOf(k, length),
    choose(vector) {
      const count = countOf(k, vector.length);
      if (count === vector.length) return { kind: "all" };
      return { kind: "positions", positions: largestMagnitudes(vector, count) };
    },
  };
}

/** Any k. */
export function anyOf(k: Count): Selection {
  return {
    count: (length) => countOf(k, length),
    choose(vector, random) {
      return { kind: "drawn", count: countOf(k, vector.length), seed: seedFrom(random) };
    },
  };
}
