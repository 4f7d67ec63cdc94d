import * as z from "zod";

/** Above 0 and up to 100. */
const percentage = /^(?!0*\.?0*\s*%)(100(\.0+)?|\d{0,2}(\.\d+)?)\s*%$/;

/** How many entries: a number, at most all there are, or a part of them such as "1%". */
export const countOption = z.union(
  [z.int().min(1), z.string().regex(percentage)],
  'expected a number of entries or a percentage such as "1%"',
);

export type Count = number | string;

export function countOf(count: Count, length: number): number {
  if (typeof count === "number") return Math.min(count, length);
  return Math.min(length, Math.max(1, Math.round((Number.parseFloat(count) / 100) * length)));
}
