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
import { gradientSignPolicy } from "./gradient-sign.ts";
import {
  policy,
  type QuorumSize,
  type WaitMember,
  type WaitPolicy,
  type WaitRule,
} from "./policy.ts";
import { throughputPolicy } from "./throughput.ts";
import { adaptiveSchema } from "./wait.ts";

const rules: {
  readonly [Rule in AdaptiveOptions["rule"]]: (
    options: AdaptiveOptions,
    size: QuorumSize,
  ) => WaitPolicy;
} = {
  gain: (options, size) => policy(throughputPolicy(options, size)),
  deadline: (options, size) => policy(learnedDeadline(options, size)),
  disagreement: (options, size) => policy(gradientSignPolicy(options, size)),
};

/** Whom to wait for, learned while the run goes on. */
export const adaptiveWait: WaitMember = {
  name: "adaptive",
  create(wait, size) {
    if (wait !== "adaptive" && (typeof wait === "string" || !("adaptive" in wait))) return null;
    const options = wait === "adaptive" ? adaptiveSchema.parse({}) : wait.adaptive;
    return rules[options.rule](options, size);
  },
};

interface DeadlineMemory {
  readonly looks: Exploration;
  readonly times: ArrivalTimes;
}

/**
 * A deadline learned from the replies: a multiple of the mean time of the median reply, of those
 * that come at all. Whoever is usual is waited for, whoever is not is left out, and nothing about
 * gradients is needed.
 */
export function learnedDeadline({ atLeast, factor }: AdaptiveOptions, size: QuorumSize) {
  const { workers } = size;
  const least = leastReplies(size, atLeast);
  const rule = ({ looks, times }: DeadlineMemory, absent: readonly number[]): WaitRule => {
    const bounds = boundsOf(size, least, absent, looks);
    if (isExploration(looks)) return explorationRule(size, bounds);
    const { needed, kMin } = bounds;
    const live = workers - absent.length;
    const half = Math.max(1, Math.ceil(Math.min(observeArrivals(times), live) / 2));
    const middle = absent.length === 0 ? half : Math.max(half, kMin);
    const deadlineMs = factor * usualMs(times, middle);
    return {
      needed,
      enough: Math.max(kMin, live),
      deadlineMs,
      stretch: maxStretch,
      desertion: starvation,
    };
  };
  const start = (): DeadlineMemory => ({ looks: noExploration(size), times: noTimes(workers) });
  const policy: WaitPolicy<DeadlineMemory> = {
    ...rule(start(), []),
    inWords: `adaptive deadline, at least ${least} of ${workers}`,
    workers,
    wantsGradient: false,
    start,
    rule,
    observe: ({ looks, times }, closed) => ({
      looks: afterExploration(looks, closed, size),
      times: withArrivalTimes(times, closed),
    }),
  };
  return policy;
}
