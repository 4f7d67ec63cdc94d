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
    crowd: QuorumSize,
  ) => WaitPolicy;
} = {
  gain: (options, crowd) => policy(throughputPolicy(options, crowd)),
  deadline: (options, crowd) => policy(learnedDeadline(options, crowd)),
  disagreement: (options, crowd) => policy(gradientSignPolicy(options, crowd)),
};

/** Whom to wait for, learned while the run goes on. */
export const adaptiveWait: WaitMember = {
  name: "adaptive",
  create(wait, crowd) {
    if (wait !== "adaptive" && (typeof wait === "string" || !("adaptive" in wait))) return null;
    const options = wait === "adaptive" ? adaptiveSchema.parse({}) : wait.adaptive;
    return rules[options.rule](options, crowd);
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
export function learnedDeadline({ atLeast, factor }: AdaptiveOptions, crowd: QuorumSize) {
  const { workers } = crowd;
  const least = leastReplies(crowd, atLeast);
  const rule = ({ looks, times }: DeadlineMemory, absent: readonly number[]): WaitRule => {
    const bounds = boundsOf(crowd, least, absent, looks);
    if (isExploration(looks)) return explorationRule(crowd, bounds);
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
  const start = (): DeadlineMemory => ({ looks: noExploration(crowd), times: noTimes(workers) });
  const policy: WaitPolicy<DeadlineMemory> = {
    ...rule(start(), []),
    inWords: `adaptive deadline, at least ${least} of ${workers}`,
    workers,
    wantsGradient: false,
    start,
    rule,
    learn: ({ looks, times }, closed) => ({
      looks: afterExploration(looks, closed, crowd),
      times: withArrivalTimes(times, closed),
    }),
  };
  return policy;
}
