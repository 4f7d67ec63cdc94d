import { type ArrivalTimes, noTimes, seen, timed, usualMs } from "./arrival-times.ts";
import {
  type AdaptiveOptions,
  boundsOf,
  desertion,
  isLook,
  type Looks,
  leastReplies,
  looked,
  lookRule,
  noLooks,
  stretch,
} from "./floor.ts";
import type { Crowd, WaitPolicy } from "./policy.ts";
import type { WaitRule } from "./rule.ts";

interface DeadlineMemory {
  readonly looks: Looks;
  readonly times: ArrivalTimes;
}

/**
 * A deadline learned from the replies: a multiple of the mean time of the median reply, of those
 * that come at all. Whoever is usual is waited for, whoever is not is left out, and nothing about
 * gradients is needed.
 */
export function learnedDeadline({ atLeast, factor }: AdaptiveOptions, crowd: Crowd) {
  const { workers } = crowd;
  const least = leastReplies(crowd, atLeast);
  const rule = ({ looks, times }: DeadlineMemory, absent: readonly number[]): WaitRule => {
    const bounds = boundsOf(crowd, least, absent, looks);
    if (isLook(looks)) return lookRule(crowd, bounds);
    const { needed, kMin } = bounds;
    const live = workers - absent.length;
    const half = Math.max(1, Math.ceil(Math.min(seen(times), live) / 2));
    const middle = absent.length === 0 ? half : Math.max(half, kMin);
    const deadlineMs = factor * usualMs(times, middle);
    return { needed, enough: Math.max(kMin, live), deadlineMs, stretch, desertion };
  };
  const start = (): DeadlineMemory => ({ looks: noLooks(crowd), times: noTimes(workers) });
  const policy: WaitPolicy<DeadlineMemory> = {
    ...rule(start(), []),
    inWords: `adaptive deadline, at least ${least} of ${workers}`,
    workers,
    wantsGradient: false,
    start,
    rule,
    learn: ({ looks, times }, closed) => ({
      looks: looked(looks, closed, crowd),
      times: timed(times, closed),
    }),
  };
  return policy;
}
