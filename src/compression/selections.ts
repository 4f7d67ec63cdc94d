import * as z from "zod";
import { largestMagnitudes } from "../math/kernels/vectors.ts";
import type { Selection } from "./compressor.ts";
import { seedFrom } from "./seeded-draws.ts";

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

/** Above 0 and up to 100. */
const percentage = /^(?!0*\.?0*\s*%)(100(\.0+)?|\d{0,2}(\.\d+)?)\s*%$/;

const expected = 'expected a number of entries or a percentage such as "1%"';

/** How many entries: a number, at most all there are, or a part of them such as "1%". */
export const countOption = z.union(
  [z.int(expected).min(1, expected), z.string().regex(percentage, expected)],
  expected,
);

export type Count = number | string;

export function countOf(count: Count, length: number): number {
  if (typeof count === "number") return Math.min(count, length);
  return Math.min(length, Math.max(1, Math.round((Number.parseFloat(count) / 100) * length)));
}
