import type { ArrivalEvent, ArrivalSummary } from "../ports/events.ts";
import type { History } from "./history.ts";
import { quantile } from "./statistics.ts";

/** Reply times, recorded one by one or as sums. */
export interface ReplyTimes {
  readonly count: number;
  /** Null for none. */
  quantile(share: number): number | null;
}

/** How long an arrival took, from the task's start to its reply. */
export function replyMs(arrival: ArrivalEvent): number {
  return Math.max(0, arrival.atMs - arrival.startedMs);
}

export function replyTimesOf({ arrivals, sums }: History): ReplyTimes {
  const replies = arrivals.filter((arrival) => arrival.fate !== "lost");
  const times = Float64Array.from(replies, replyMs).sort();
  if (sums.length === 0)
    return { count: times.length, quantile: (share) => quantile(times, share) };
  return weighted([...sums.flatMap(binsOf), ...Array.from(times, (ms) => ({ ms, count: 1 }))]);
}

interface Bin {
  readonly ms: number;
  readonly count: number;
}

function binsOf({ took, timeBase }: ArrivalSummary): Bin[] {
  const bins: Bin[] = [];
  for (let i = 0; i + 1 < took.length; i += 2)
    bins.push({ ms: timeBase ** took[i]!, count: took[i + 1]! });
  return bins;
}

function weighted(bins: readonly Bin[]): ReplyTimes {
  const sorted = bins.toSorted((a, b) => a.ms - b.ms);
  let sum = 0;
  const ends = sorted.map(({ count }) => (sum += count));
  return {
    count: sum,
    quantile(share) {
      if (sum === 0) return null;
      let [low, high] = [0, ends.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle]! > share * (sum - 1)) high = middle;
        else low = middle + 1;
      }
      return sorted[low]!.ms;
    },
  };
}
