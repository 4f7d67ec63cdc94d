import { atSlot } from "../../core/slot-map.ts";
import type { ClosedQuorum } from "./policy.ts";

/** How long the k-th reply took, on average over the quorums in which it was waited for. */
export interface ArrivalTimes {
  /** Entry k - 1 is for the k-th reply; 0 where it was never seen. */
  readonly meanMs: Float64Array<ArrayBuffer>;
  readonly counts: Uint32Array<ArrayBuffer>;
}

/** The mean forgets what is much older than this many quorums. */
const memoryQuorums = 30;
/** A reply that was waited for and did not come is taken to come at this multiple of the wait. */
const overdue = 2;

export function noTimes(workers: number): ArrivalTimes {
  return { meanMs: new Float64Array(workers), counts: new Uint32Array(workers) };
}

/** With one more quorum. Replies beyond `enough` were not waited for and say nothing. */
export function withArrivalTimes(before: ArrivalTimes, closed: ClosedQuorum): ArrivalTimes {
  const meanMs = before.meanMs.slice();
  const counts = before.counts.slice();
  const tookMs = closed.atMs - closed.startedMs;
  const waitedFor = Math.min(meanMs.length, Math.max(closed.rule.enough, closed.arrivals.count));
  for (let at = 0; at < waitedFor; at++) {
    const reply = atSlot(closed.arrivals, at);
    // A first quorum that was cut short knows nothing of who did not come.
    if (reply === undefined && counts[at] === 0) continue;
    const ms = reply === undefined ? overdue * tookMs : reply.atMs - closed.startedMs;
    counts[at] = Math.min(memoryQuorums, counts[at]! + 1);
    meanMs[at]! += (ms - meanMs[at]!) / counts[at]!;
  }
  // The k-th reply never comes before the one ahead of it: means over other quorums may cross.
  for (let at = 1; at < meanMs.length; at++)
    if (counts[at]! > 0) meanMs[at] = Math.max(meanMs[at]!, meanMs[at - 1]!);
  return { meanMs, counts };
}

/** The largest k that was ever seen. */
export function observeArrivals({ counts }: ArrivalTimes): number {
  let k = counts.length;
  while (k > 0 && counts[k - 1] === 0) k--;
  return k;
}

/** How long the k-th reply usually takes; Infinity where it was never seen. */
export function usualMs({ meanMs, counts }: ArrivalTimes, k: number): number {
  return counts[k - 1]! > 0 ? meanMs[k - 1]! : Number.POSITIVE_INFINITY;
}
