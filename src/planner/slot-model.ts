import { retryAfterMs } from "../engine/backoff.ts";
import type { BilledInvocation } from "../limits.ts";
import type { FaultDecision } from "../weather/fault-decision.ts";
import { billedMsOf, endings, invocationTimes } from "../weather/invocation.ts";
import type { SlotEnvironments } from "../weather/slot-environments.ts";

/** What an invocation meets on the platform, whoever asks. */
export interface PlatformModel {
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly environmentsPerSlot: number;
  /** Dollars for one invocation. */
  readonly priceOf: (invocation: BilledInvocation) => number;
}

/** One invocation, as it is metered when it ends. */
export interface Attempt {
  readonly startMs: number;
  readonly endMs: number;
  readonly isDone: boolean;
  /** It found no environment free: nothing ran, nothing is paid. */
  readonly isRefused: boolean;
  readonly isCold: boolean;
  readonly costUsd: number;
}

export interface InvocationRequest {
  readonly startMs: number;
  readonly workMs: number;
  /** What the attempt's task is called: how long its slot is then left alone hangs on it. */
  nameOf(attempt: number): string;
  /** What befalls the attempt of this number, from 0. */
  fateOf(attempt: number, isCold: boolean): FaultDecision;
}

/** A slot that is lost this often counts as lost for good. */
const attemptsMax = 40;

/**
 * Everything a slot does about one question, if nobody stopped it before it replied: it finds an
 * environment, starts a spare, or is refused; what is lost is asked for again, later each time.
 * The lane is left alone; `occupy` keeps what was really started.
 */
export function invocationAttempts(
  lane: SlotEnvironments,
  platform: PlatformModel,
  asking: InvocationRequest,
): Attempt[] {
  const own = lane.copy();
  const made: Attempt[] = [];
  let startMs = asking.startMs;
  for (let count = 0; count < attemptsMax; count++) {
    const attempt = attemptOf(own, platform, asking, count, startMs);
    made.push(attempt);
    if (attempt.isDone) break;
    startMs = attempt.endMs + retryAfterMs(count + 1, asking.nameOf(count));
  }
  return made;
}

/** Starts those of the attempts that begin no later than `untilMs`. Returns them. */
export function occupySlot(lane: SlotEnvironments, all: readonly Attempt[], untilMs: number) {
  const started = all.filter(({ startMs }, i) => i === 0 || startMs <= untilMs);
  for (const { startMs, endMs, isDone, isRefused } of started) {
    if (isRefused) continue;
    lane.occupy(lane.find(startMs)!, endMs, !isDone);
  }
  return started;
}

function attemptOf(
  lane: SlotEnvironments,
  { memoryMb, timeoutMs, priceOf }: PlatformModel,
  { workMs, fateOf }: InvocationRequest,
  count: number,
  startMs: number,
): Attempt {
  const environment = lane.find(startMs);
  if (environment === null)
    return { startMs, endMs: startMs, isDone: false, isRefused: true, isCold: false, costUsd: 0 };
  const isCold = lane.isNew(environment);
  const fate = fateOf(count, isCold);
  const { coldMs, ranMs, ending } = invocationTimes(fate, isCold, workMs, timeoutMs);
  const isDone = ending === endings.replied;
  const endMs = startMs + coldMs + ranMs;
  lane.occupy(environment, endMs, !isDone);
  const costUsd = priceOf({
    billedMs: billedMsOf(ranMs, coldMs),
    memoryMb,
    startsTenant: isCold,
    times: fate.duplicate ? 2 : 1,
  });
  return { startMs, endMs, isDone, isRefused: false, isCold, costUsd };
}
