import type * as z from "zod";
import type { Crowd } from "./policy.ts";
import type { adaptiveSchema } from "./wait.ts";

export type AdaptiveOptions = z.output<typeof adaptiveSchema>;

/** So many of m replies say something of all the data: m over the redundancy; half if uncoded. */
export function leastReplies({ workers, redundancy }: Crowd, atLeast: number | undefined): number {
  return atLeast ?? Math.ceil(workers / (redundancy > 1 ? redundancy : 2));
}

/**
 * Without weather that lasts, other slots are left out each time, and few replies will do. While
 * the same ones are absent, their rows speak only through the redundancy: then never fewer than m
 * over the redundancy, nor more than there are to come.
 */
export function floorOf(
  { workers, redundancy }: Crowd,
  least: number,
  absent: readonly number[],
): { readonly live: number; readonly needed: number } {
  const live = Math.max(1, workers - absent.length);
  const covering = absent.length === 0 ? 0 : Math.ceil(workers / redundancy);
  return { live, needed: Math.min(live, Math.max(least, covering)) };
}
