import type * as z from "zod";
import type { ClosedQuorum, QuorumSize, WaitRule } from "./policy.ts";
import type { adaptiveSchema } from "./wait.ts";

export type AdaptiveOptions = z.output<typeof adaptiveSchema>;

/** What quorums that looked for everyone have shown. Plain data. */
export interface Exploration {
  readonly quorums: number;
  /** So many slots come before the others are hopelessly late. */
  readonly reach: number;
}

/** Quorums at the start that look for everyone. */
const looksFirst = 3;
/** Later one in so many looks, because nothing else shows that others got quicker. */
const lookEvery = 32;
/** No quorum waits longer than this multiple of the time its least number took. */
export const maxStretch = 3;
/** What a quorum does where fewer than its least number are left alive. */
export const starvation = { factor: 10, minimumMs: 2000 };

export function noExploration({ workers }: QuorumSize): Exploration {
  return { quorums: 0, reach: workers };
}

/** The quorum to come waits for everyone who is not hopelessly late. */
export function isExploration({ quorums }: Exploration): boolean {
  return quorums < looksFirst || quorums % lookEvery === 0;
}

/** With one more quorum: who did not come although it was waited for them is out of reach. */
export function afterExploration(
  { quorums, reach }: Exploration,
  closed: ClosedQuorum,
  { workers }: QuorumSize,
): Exploration {
  const { count } = closed.arrivals;
  const { enough } = closed.rule;
  const isAll = count >= workers || (enough >= workers && count >= enough);
  return { quorums: quorums + 1, reach: isAll ? workers : count < enough ? count : reach };
}

/**
 * So many of m replies say something of all the data: m over the redundancy b; half if uncoded.
 * Where two rounds must share m/b slots, (m/2)(1 + 1/b), but no more than three quarters.
 */
export function leastReplies(
  { workers, redundancy, overlaps }: QuorumSize,
  atLeast: number | undefined,
): number {
  if (atLeast !== undefined) return atLeast;
  const covering = redundancy > 1 ? 1 / redundancy : 1 / 2;
  const sharing = Math.min(3 / 4, (1 + 1 / redundancy) / 2);
  return Math.ceil(workers * (overlaps === true ? sharing : covering));
}

export interface Bounds {
  /** Nothing moves below this, unless nobody else is left. */
  readonly needed: number;
  /** The least k to aim for. */
  readonly kMin: number;
}

/**
 * Where other slots are left out each time, few replies will do. While the same ones stay absent,
 * their rows speak only through the redundancy: then more than m over the redundancy, though never
 * more than come at all.
 */
export function boundsOf(
  { workers, redundancy }: QuorumSize,
  least: number,
  absent: readonly number[],
  { reach }: Exploration,
): Bounds {
  const needed = Math.max(1, Math.min(least, workers - absent.length));
  if (absent.length === 0) return { needed, kMin: needed };
  const covering = Math.min(workers, Math.floor(workers / redundancy) + 1);
  return { needed, kMin: Math.max(needed, Math.min(reach, covering)) };
}

/** Everyone, as long as they are not hopelessly late. */
export function explorationRule({ workers }: QuorumSize, { needed }: Bounds): WaitRule {
  const deadlineMs = Number.POSITIVE_INFINITY;
  return { needed, enough: workers, deadlineMs, stretch: maxStretch, desertion: starvation };
}
