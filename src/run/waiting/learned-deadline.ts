import { type ArrivalTimes, noTimes, seen, timed } from "./arrival-times.ts";
import { type AdaptiveOptions, floorOf, leastReplies } from "./floor.ts";
import type { Crowd, WaitPolicy } from "./policy.ts";
import type { WaitRule } from "./rule.ts";

interface DeadlineMemory {
  readonly times: ArrivalTimes;
}

/** The first quorum knows no times: it closes at this multiple of its least number's time. */
const firstStretch = 3;

/**
 * A deadline learned from the replies: a multiple of the mean time of the median reply. Whoever is
 * usual is waited for, whoever is not is left out, and nothing about gradients is needed.
 */
export function learnedDeadline({ atLeast, factor }: AdaptiveOptions, crowd: Crowd) {
  const least = leastReplies(crowd, atLeast);
  const rule = ({ times }: DeadlineMemory, absent: readonly number[]): WaitRule => {
    const { live, needed } = floorOf(crowd, least, absent);
    const middle = Math.min(seen(times), Math.ceil(live / 2));
    if (middle === 0)
      return {
        needed,
        enough: live,
        deadlineMs: Number.POSITIVE_INFINITY,
        stretch: firstStretch,
      };
    return { needed, enough: live, deadlineMs: factor * times.meanMs[middle - 1]! };
  };
  const start = () => ({ times: noTimes(crowd.workers) });
  const policy: WaitPolicy<DeadlineMemory> = {
    ...rule(start(), []),
    inWords: `adaptive deadline, at least ${least} of ${crowd.workers}`,
    workers: crowd.workers,
    wantsGradient: false,
    start,
    rule,
    learn: (memory, closed) => ({ times: timed(memory.times, closed) }),
  };
  return policy;
}
