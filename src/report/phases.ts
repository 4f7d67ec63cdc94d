import type { ArrivalEvent } from "../ports/events.ts";
import type { History } from "./history.ts";
import { replyMs } from "./reply-times.ts";

/**
 * Where a reply's time went: queued and under way; an environment starting; in the worker, loading
 * what it needs and sending, or computing, or, where the record does not tell these apart, both.
 */
export const replyPhases = ["transit", "start", "load", "compute", "work"] as const;
export type ReplyPhase = (typeof replyPhases)[number];

export interface PhaseData {
  readonly all: PhaseMeans;
  readonly slow: PhaseMeans;
  /** Those whose environment started for them. */
  readonly cold: PhaseMeans;
  /** Starts are known; else the worker's time is what is billed. */
  readonly isSplit: boolean;
}

export interface PhaseMeans {
  readonly count: number;
  readonly meansMs: Readonly<Record<ReplyPhase, number>>;
}

/** Where the time of replies went, on average: of all, of those that were slow, of cold starts. */
export function phasesOf({ arrivals }: History, slowMs: number | null): PhaseData {
  const all = arrivals.filter(({ fate, usage }) => fate !== "lost" && usage.billedMs > 0);
  const slow = all.filter((arrival) => slowMs !== null && replyMs(arrival) > slowMs);
  return {
    all: meansOf(all),
    slow: meansOf(slow),
    cold: meansOf(all.filter(({ usage }) => usage.coldStart)),
    isSplit: all.some(({ usage }) => usage.phases !== undefined),
  };
}

function meansOf(arrivals: readonly ArrivalEvent[]): PhaseMeans {
  const sums: Record<ReplyPhase, number> = { transit: 0, start: 0, load: 0, compute: 0, work: 0 };
  for (const arrival of arrivals) {
    const { usage } = arrival;
    const { initMs = 0, workerMs = usage.billedMs, computeMs } = usage.phases ?? {};
    const totalMs = replyMs(arrival);
    // Billed time is rounded up, and a clock may differ a little.
    const inWorkerMs = Math.min(workerMs, totalMs);
    sums.start += Math.min(initMs, totalMs - inWorkerMs);
    sums.transit += Math.max(0, totalMs - inWorkerMs - initMs);
    if (computeMs === undefined) sums.work += inWorkerMs;
    else {
      const computedMs = Math.min(computeMs, inWorkerMs);
      sums.compute += computedMs;
      sums.load += inWorkerMs - computedMs;
    }
  }
  const count = arrivals.length;
  const means = replyPhases.map((phase) => [phase, count === 0 ? 0 : sums[phase] / count] as const);
  return { count, meansMs: Object.fromEntries(means) as PhaseMeans["meansMs"] };
}
