import { dot } from "../../math/vector.ts";
import { type ArrivalTimes, noTimes, usualMs, withArrivalTimes } from "./arrival-times.ts";
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

interface DisagreementMemory {
  readonly looks: Exploration;
  readonly times: ArrivalTimes;
  /** How many more than the least number are waited for. */
  readonly extra: number;
  /** Rounds whose gradient was at odds with the one before, less those in line with it. */
  readonly balance: number;
  /** Rounds since k was last raised. */
  readonly rounds: number;
  readonly last: Float64Array<ArrayBuffer> | null;
}

/** Rounds at one k before its gradients are judged: the first ones still go straight. */
const burnInRounds = 5;
/** k is raised by this part of the workers, at least by one. */
const part = 1 / 16;
/** A quorum gives up on its k at this multiple of the time that the k-th reply usually takes. */
const patience = 2;

/**
 * Few replies while they agree, more once they do not: gradients of successive rounds that point
 * against each other say that noise is all that is left at this k (the oracle's trigger that knows
 * no model). k only rises, as far as slots come at all.
 */
export function gradientSignPolicy({ atLeast, threshold }: AdaptiveOptions, size: QuorumSize) {
  const { workers } = size;
  const least = leastReplies(size, atLeast);
  const rule = (memory: DisagreementMemory, absent: readonly number[]): WaitRule => {
    const bounds = boundsOf(size, least, absent, memory.looks);
    if (isExploration(memory.looks)) return explorationRule(size, bounds);
    const aim = Math.min(least + memory.extra, memory.looks.reach);
    const enough = Math.max(bounds.kMin, aim);
    const deadlineMs = patience * usualMs(memory.times, enough);
    return {
      needed: bounds.needed,
      enough,
      deadlineMs,
      stretch: maxStretch,
      desertion: starvation,
    };
  };
  const start = (): DisagreementMemory => ({
    looks: noExploration(size),
    times: noTimes(workers),
    extra: 0,
    balance: 0,
    rounds: 0,
    last: null,
  });
  const policy: WaitPolicy<DisagreementMemory> = {
    ...rule(start(), []),
    inWords: `adaptive by disagreement, from ${least} of ${workers}`,
    workers,
    wantsGradient: true,
    start,
    rule,
    observe(memory, closed) {
      const looks = afterExploration(memory.looks, closed, size);
      const next = { ...memory, looks, times: withArrivalTimes(memory.times, closed) };
      return closed.gradient === null
        ? next
        : withGradient(next, closed.gradient.values, { threshold, most: workers - least, workers });
    },
  };
  return policy;
}

function withGradient(
  memory: DisagreementMemory,
  gradient: NonNullable<ClosedQuorum["gradient"]>["values"],
  { threshold, most, workers }: { threshold: number; most: number; workers: number },
): DisagreementMemory {
  const { last, extra } = memory;
  const next = { ...memory, last: gradient, rounds: memory.rounds + 1 };
  if (last === null || next.rounds <= burnInRounds) return next;
  const balance = memory.balance + (dot(gradient, last) < 0 ? 1 : -1);
  if (balance <= threshold) return { ...next, balance };
  const step = Math.max(1, Math.round(part * workers));
  return { ...next, extra: Math.min(most, extra + step), balance: 0, rounds: 0 };
}
