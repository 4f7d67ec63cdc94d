import type { FaultDecision } from "./fault-decision.ts";

/** How the time of a task ends. */
export const endings = { replied: 0, timedOut: 1, crashed: 2, busy: 3 } as const;

export type Ending = (typeof endings)[keyof typeof endings];

/** An invocation in time: a start, where its environment is new, and then a run. */
export interface InvocationTimes {
  readonly coldMs: number;
  readonly ranMs: number;
  readonly ending: Ending;
}

/** What comes of `workMs` of work under a fate. A time-out begins when the start is over. */
export function invocationTimes(
  fate: FaultDecision,
  isCold: boolean,
  workMs: number,
  timeoutMs: number,
): InvocationTimes {
  const coldMs = isCold ? fate.coldStartMs : 0;
  const tookMs = fate.delayMs + (fate.fault === "crash-before" ? 0 : workMs);
  if (fate.fault === "hang" || tookMs > timeoutMs)
    return { coldMs, ranMs: timeoutMs, ending: endings.timedOut };
  return {
    coldMs,
    ranMs: tookMs,
    ending: fate.fault === null ? endings.replied : endings.crashed,
  };
}

/** Whole milliseconds, the environment's start (INIT) among them. */
export function billedMsOf(ranMs: number, coldMs: number): number {
  return Math.ceil(ranMs + coldMs);
}
