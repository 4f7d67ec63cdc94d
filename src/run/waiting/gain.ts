import { type ArrivalTimes, noTimes, seen, timed } from "./arrival-times.ts";
import { type AdaptiveOptions, floorOf, leastReplies } from "./floor.ts";
import type { Closed, Crowd, WaitPolicy } from "./policy.ts";
import type { WaitRule } from "./rule.ts";

/** What is known of time and of progress. */
export interface GainMemory {
  readonly quorums: number;
  readonly times: ArrivalTimes;
  /** Running means of |g|^2 and V; V is negative before the first gradient. */
  readonly squaredNorm: number;
  readonly variance: number;
}

/** Quorums that wait for nearly everyone, to see when they come. */
const lookingQuorums = 3;
/** Later one in so many asks for more than k, because nothing else shows that others got quicker. */
const lookEvery = 24;
/** How much longer than for the least number a quorum that looks waits. */
const lookingStretch = 3;
/** A quorum gives up on its k at this multiple of the time the k-th reply usually takes. */
const patience = 2;
/** The running means of |g|^2 and V: both fall as training goes on. */
const freshness = 0.3;

/**
 * The k that promises most progress a second: argmax G(k)/T(k), where T(k) is the mean time of the
 * k-th reply and G(k) = (1 - alpha L/2) |g|^2 - (alpha L/2) V (1/k - 1/m) the least decrease that
 * a step alpha along the mean of k of m replies is expected to make, over alpha (oracle: dynamic
 * backup workers; V (1/k - 1/m) instead of V/k, because replies are drawn without repetition).
 */
export function gainPolicy({ atLeast, step }: AdaptiveOptions, crowd: Crowd) {
  const { workers } = crowd;
  const least = leastReplies(crowd, atLeast);
  const rule = (memory: GainMemory, absent: readonly number[]): WaitRule => {
    const { live, needed } = floorOf(crowd, least, absent);
    if (memory.quorums < lookingQuorums || memory.quorums % lookEvery === 0)
      return {
        needed,
        enough: live,
        deadlineMs: Number.POSITIVE_INFINITY,
        stretch: lookingStretch,
      };
    const enough = bestCount(memory, { workers, needed, live, step });
    const deadlineMs = patience * memory.times.meanMs[enough - 1]!;
    return { needed, enough, deadlineMs };
  };
  const start = (): GainMemory => ({
    quorums: 0,
    times: noTimes(workers),
    squaredNorm: 0,
    variance: -1,
  });
  const policy: WaitPolicy<GainMemory> = {
    ...rule(start(), []),
    inWords: `adaptive, at least ${least} of ${workers}`,
    workers,
    wantsGradient: true,
    start,
    rule,
    learn: (memory, closed) => ({
      ...progressSeen(memory, closed, workers),
      quorums: memory.quorums + 1,
      times: timed(memory.times, closed),
    }),
  };
  return policy;
}

/** The k between `needed` and `live` of the largest G(k)/T(k), among those whose T is known. */
export function bestCount(
  { times, squaredNorm, variance }: Pick<GainMemory, "times" | "squaredNorm" | "variance">,
  crowd: { workers: number; needed: number; live: number; step: number },
): number {
  const { workers, needed, live, step } = crowd;
  const last = Math.max(needed, Math.min(live, seen(times)));
  let best = last;
  let bestRate = 0;
  for (let k = needed; k <= last; k++) {
    const noise = Math.max(0, variance) * (1 / k - 1 / workers);
    const gain = (1 - step / 2) * squaredNorm - (step / 2) * noise;
    const tookMs = times.meanMs[k - 1]!;
    if (times.counts[k - 1] === 0) continue;
    const rate = gain / Math.max(tookMs, 1e-9);
    if (rate > bestRate) [best, bestRate] = [k, rate];
  }
  return best;
}

function progressSeen(
  { squaredNorm, variance }: GainMemory,
  { gradient, arrivals }: Closed,
  workers: number,
): Pick<GainMemory, "squaredNorm" | "variance"> {
  if (gradient === null) return { squaredNorm, variance };
  const measured = gradient.values.reduce((sum, value) => sum + value * value, 0);
  // The estimate's own noise is part of its norm.
  const noise = gradient.variance * (1 / arrivals.count - 1 / workers);
  const square = Math.max(0, measured - noise);
  if (variance < 0) return { squaredNorm: square, variance: gradient.variance };
  return {
    squaredNorm: squaredNorm + freshness * (square - squaredNorm),
    variance: variance + freshness * (gradient.variance - variance),
  };
}
