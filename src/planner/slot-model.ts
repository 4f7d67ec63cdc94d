import { retryAfterMs } from "../engine/backoff.ts";
import { invocationUsd, prices } from "../limits.ts";
import type { LatenessDecision } from "./lateness.ts";

/** What an invocation meets on the platform, whoever asks. */
export interface PlatformModel {
  readonly memoryMb: number;
  readonly timeoutMs: number;
  readonly environmentsPerSlot: number;
}

/** One slot's environments, busy until some moment. A doomed one ends with its task. */
export type SlotModel = Environment[];

interface Environment {
  freeAtMs: number;
  isDoomed: boolean;
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
  fateOf(attempt: number, isCold: boolean): LatenessDecision;
}

/** A slot that is lost this often counts as lost for good. */
const attemptsMax = 40;

/**
 * Everything a slot does about one question, if nobody stopped it before it replied: it finds an
 * environment, starts a spare, or is refused; what is lost is asked for again, later each time.
 * The lane is left alone; `occupy` keeps what was really started.
 */
export function invocationAttempts(
  lane: SlotModel,
  platform: PlatformModel,
  asking: InvocationRequest,
): Attempt[] {
  const own = lane.map((environment) => ({ ...environment }));
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
export function occupySlot(
  lane: SlotModel,
  platform: PlatformModel,
  all: readonly Attempt[],
  untilMs: number,
) {
  const started = all.filter(({ startMs }, i) => i === 0 || startMs <= untilMs);
  for (const { startMs, endMs, isDone, isRefused } of started) {
    if (isRefused) continue;
    const environment = environmentAt(lane, platform, startMs)!.environment;
    environment.freeAtMs = endMs;
    environment.isDoomed = !isDone;
  }
  return started;
}

function attemptOf(
  lane: SlotModel,
  platform: PlatformModel,
  { workMs, fateOf }: InvocationRequest,
  count: number,
  startMs: number,
): Attempt {
  const found = environmentAt(lane, platform, startMs);
  if (found === null)
    return { startMs, endMs: startMs, isDone: false, isRefused: true, isCold: false, costUsd: 0 };
  const fate = fateOf(count, found.isCold);
  const coldMs = found.isCold ? fate.coldStartMs : 0;
  const tookMs = fate.delayMs + (fate.fault === "crash-before" ? 0 : workMs);
  const isTimeout = fate.fault === "hang" || tookMs > platform.timeoutMs;
  const isDone = !isTimeout && fate.fault === null;
  const ranMs = isTimeout ? platform.timeoutMs : tookMs;
  const endMs = startMs + coldMs + ranMs;
  found.environment.freeAtMs = endMs;
  found.environment.isDoomed = !isDone;
  const { memoryMb } = platform;
  const costUsd =
    (fate.duplicate ? 2 : 1) * invocationUsd(Math.ceil(ranMs + coldMs), memoryMb) +
    (found.isCold ? (memoryMb / 1024) * prices.usdPerTenantEnvironmentGb : 0);
  return { startMs, endMs, isDone, isRefused: false, isCold: found.isCold, costUsd };
}

/** The most recently used idle environment, or a new one while there may be one more. */
function environmentAt(
  lane: SlotModel,
  { environmentsPerSlot }: PlatformModel,
  atMs: number,
): { environment: Environment; isCold: boolean } | null {
  let best: Environment | null = null;
  for (let i = lane.length - 1; i >= 0; i--) {
    const one = lane[i]!;
    if (one.freeAtMs > atMs) continue;
    if (one.isDoomed) lane.splice(i, 1);
    else if (best === null || one.freeAtMs >= best.freeAtMs) best = one;
  }
  if (best !== null) return { environment: best, isCold: false };
  if (lane.length >= environmentsPerSlot) return null;
  const environment = { freeAtMs: 0, isDoomed: false };
  lane.push(environment);
  return { environment, isCold: true };
}
