import * as z from "zod";

const percentage = /^(\d+(?:\.\d+)?|\.\d+)\s*%$/;

/** How many entries: a number, at most all there are, or a part of them such as "1%". */
export const countOption = z.union(
  [
    z.int().min(1),
    z
      .string()
      .regex(percentage)
      .refine((text) => Number.parseFloat(text) > 0 && Number.parseFloat(text) <= 100),
  ],
  'expected a number of entries or a percentage such as "1%"',
);

export type Count = number | string;

export function countOf(count: Count, length: number): number {
  if (typeof count === "number") return Math.min(count, length);
  return Math.min(length, Math.max(1, Math.round((Number.parseFloat(count) / 100) * length)));
}
