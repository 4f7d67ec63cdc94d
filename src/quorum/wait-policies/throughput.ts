import {
  type ArrivalTimes,
  noTimes,
  observeArrivals,
  usualMs,
  withArrivalTimes,
} from "./arrival-times.ts";
import {
  type AdaptiveOptions,
  afterExploration,
  boundsOf,
  type Exploration,
  explorationRule,
  isExploration,
  leastReplies,
  maxStretch,
  noExploration,
  starvation,
} from "./exploration.ts";
import type { ClosedQuorum, QuorumSize, WaitPolicy, WaitRule } from "./policy.ts";

/** What the policy remembers of times and of progress. */
interface GainMemory {
  readonly looks: Exploration;
  readonly times: ArrivalTimes;
  readonly progress: ThroughputEstimate;
}

/** Running means of |g|^2 and V; V is negative before the first gradient. */
export interface ThroughputEstimate {
  readonly squaredNorm: number;
  readonly variance: number;
}

/** A quorum gives up on its k at this multiple of the time the k-th reply usually takes. */
const patience = 2;
/** What one quorum adds to the running means: both fall as training goes on. */
const freshness = 0.3;

/**
 * The k that promises most progress a second, of those whose time is known. Every now and then a
 * quorum looks for everyone, because only that shows when the others would come.
 */
export function throughputPolicy({ atLeast, step }: AdaptiveOptions, size: QuorumSize) {
  const { workers } = size;
  const least = leastReplies(size, atLeast);
  const rule = ({ looks, times, progress }: GainMemory, absent: readonly number[]): WaitRule => {
    const bounds = boundsOf(size, least, absent, looks);
    if (isExploration(looks)) return explorationRule(size, bounds);
    const enough = bestCount(times, progress, { workers, kMin: bounds.kMin, step });
    const deadlineMs = patience * usualMs(times, enough);
    return {
      needed: bounds.needed,
      enough,
      deadlineMs,
      stretch: maxStretch,
      desertion: starvation,
    };
  };
  const start = (): GainMemory => ({
    looks: noExploration(size),
    times: noTimes(workers),
    progress: { squaredNorm: 0, variance: -1 },
  });
  const policy: WaitPolicy<GainMemory> = {
    ...rule(start(), []),
    inWords: `adaptive, at least ${least} of ${workers}`,
    workers,
    wantsGradient: true,
    start,
    rule,
    observe: ({ looks, times, progress }, closed) => ({
      looks: afterExploration(looks, closed, size),
      times: withArrivalTimes(times, closed),
      progress: progressed(progress, closed, workers),
    }),
  };
  return policy;
}

/**
 * argmax G(k)/T(k) from `kMin` on: T(k) is the mean time of the k-th reply, and with alpha L the
 * relative step G(k) = (1 - alpha L/2) |g|^2 - (alpha L/2) V (1/k - 1/m), over alpha, the decrease
 * that a step along the mean of k replies is expected to make at least (Xu, Neglia, Sebastianelli
 * 2020; V (1/k - 1/m) instead of their V/k, because replies are drawn without repetition).
 */
export function bestCount(
  times: ArrivalTimes,
  { squaredNorm, variance }: ThroughputEstimate,
  { workers, kMin, step }: { workers: number; kMin: number; step: number },
): number {
  const last = Math.max(kMin, Math.min(workers, observeArrivals(times)));
  let best = last;
  let bestRate = 0;
  for (let k = kMin; k <= last; k++) {
    if (times.counts[k - 1] === 0) continue;
    const noise = Math.max(0, variance) * (1 / k - 1 / workers);
    const gain = (1 - step / 2) * squaredNorm - (step / 2) * noise;
    const rate = gain / Math.max(times.meanMs[k - 1]!, 1e-9);
    if (rate > bestRate) [best, bestRate] = [k, rate];
  }
  return best;
}

function progressed(
  before: ThroughputEstimate,
  closed: ClosedQuorum,
  workers: number,
): ThroughputEstimate {
  const { gradient, arrivals } = closed;
  if (gradient === null) return before;
  const measured = gradient.values.reduce((sum, value) => sum + value * value, 0);
  // The estimate's own noise is part of its norm.
  const noise = gradient.variance * (1 / arrivals.count - 1 / workers);
  const square = Math.max(0, measured - noise);
  const { squaredNorm, variance } = before;
  if (variance < 0) return { squaredNorm: square, variance: gradient.variance };
  return {
    squaredNorm: squaredNorm + freshness * (square - squaredNorm),
    variance: variance + freshness * (gradient.variance - variance),
  };
}
