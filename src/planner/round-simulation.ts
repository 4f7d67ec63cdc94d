import type { Encoding } from "../encoding/encoding.ts";
import type { ReductionLedger } from "../quorum/reduction.ts";
import type { WaitRule } from "../quorum/wait-policies/policy.ts";
import { SlotEnvironments } from "../weather/slot-environments.ts";
import { type LatenessModel, type PhaseName, taskName } from "./lateness.ts";
import { type Attempt, invocationAttempts, occupySlot, type PlatformModel } from "./slot-model.ts";

/** What a round asks all slots: once for gradients, and again along a direction if it searches. */
export interface RoundPhase {
  readonly name: PhaseName;
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/** One way of running: whom to wait for over which stored rows. */
export interface Timed {
  readonly encoding: Encoding;
  readonly wait: WaitRule;
  /** Of every slot. */
  readonly storedRows: readonly number[];
  /** Data rows. */
  readonly rows: number;
  readonly phases: readonly RoundPhase[];
  /** One task's computing, the platform's round trip included, without lateness. */
  readonly workMs: number;
  /** What adding up takes once the quorum is there, where functions do it. */
  readonly reduction?: ReductionLedger;
}

/** What has been used up to some moment. */
export interface RunUsage {
  readonly ms: number;
  readonly usd: number;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/** How rounds passed in one possible future. */
export interface RoundTimes {
  /** When each round ended. */
  readonly endsMs: Float64Array;
  /** What a run that ended with this many rounds had used: only what came back is metered. */
  spentAt(rounds: number): RunUsage;
}

/**
 * Rounds on the clock alone: the machine's rules on quorums, spares, retries and bills without any
 * of its mathematics, in one possible future. A test holds it to the machine, moment by moment.
 */
export function simulateRounds(
  timed: Timed,
  platform: PlatformModel,
  fates: LatenessModel,
  draw: number,
  rounds: number,
): RoundTimes {
  const lanes = timed.storedRows.map(() => new SlotEnvironments(platform.environmentsPerSlot));
  const endsMs = new Float64Array(rounds);
  const bill: Billed[] = [];
  let nowMs = 0;
  for (let round = 0; round < rounds; round++) {
    for (const phase of timed.phases) {
      const fateOf = fates(draw, round, phase.name);
      const startMs = nowMs;
      const { workMs } = timed;
      const asked = lanes.map((lane, slot) =>
        invocationAttempts(lane, platform, {
          startMs,
          workMs,
          nameOf: (tries) => taskName(round, phase.name, slot, tries),
          fateOf: (tries, isCold) => fateOf(slot, tries, isCold),
        }),
      );
      const { closedMs, counted } = closing(timed, nowMs, asked);
      for (const [slot, all] of asked.entries()) {
        const started = occupySlot(lanes[slot]!, all, closedMs);
        for (const attempt of started)
          bill.push({ ...attempt, phase, round, counts: counted.has(slot) });
      }
      nowMs = closedMs;
    }
    nowMs += 1000 * (timed.reduction?.seconds ?? 0);
    endsMs[round] = nowMs;
  }
  return {
    endsMs,
    spentAt: (count) => withReductions(spent(bill, endsMs, count), timed.reduction, count),
  };
}

/** With what functions that add up have used in so many rounds. */
function withReductions(
  usage: RunUsage,
  ledger: ReductionLedger | undefined,
  rounds: number,
): RunUsage {
  if (ledger === undefined) return usage;
  return {
    ...usage,
    usd: usage.usd + rounds * ledger.dollars,
    invocations: usage.invocations + rounds * ledger.functions,
    bytesDown: usage.bytesDown + rounds * ledger.bytesDown,
    bytesUp: usage.bytesUp + rounds * ledger.bytesUp,
  };
}

interface Billed extends Attempt {
  readonly phase: RoundPhase;
  readonly round: number;
  readonly counts: boolean;
}

/** When the quorum closes, and which slots are in it. */
function closing(
  { encoding, wait, storedRows, rows }: Timed,
  startMs: number,
  asked: readonly (readonly Attempt[])[],
): { readonly closedMs: number; readonly counted: ReadonlySet<number> } {
  const replies = asked
    .map((all, slot) => ({ slot, atMs: all.at(-1)!.endMs, isDone: all.at(-1)!.isDone }))
    .filter(({ isDone }) => isDone)
    .sort((a, b) => a.atMs - b.atMs || a.slot - b.slot);
  const deadlineMs = startMs + wait.deadlineMs;
  for (let count = Math.max(1, wait.needed); count <= replies.length; count++) {
    const counted = replies.slice(0, count).map(({ slot }) => slot);
    const slots = counted.toSorted((a, b) => a - b);
    if (encoding.weights(slots, storedRows, rows) === null) continue;
    const heardMs = replies[count - 1]!.atMs;
    const closedMs = count >= wait.enough ? heardMs : Math.max(heardMs, deadlineMs);
    // Whoever comes before it closes is counted as well.
    const next = replies[count]?.atMs ?? Number.POSITIVE_INFINITY;
    if (count < wait.enough && next <= closedMs) continue;
    return { closedMs, counted: new Set(counted) };
  }
  return { closedMs: Number.POSITIVE_INFINITY, counted: new Set() };
}

/** Only replies that came before the end, or ended it, are metered. */
function spent(bill: readonly Billed[], endsMs: Float64Array, rounds: number): RunUsage {
  const ms = rounds === 0 ? 0 : endsMs[rounds - 1]!;
  let usd = 0;
  let invocations = 0;
  let coldStarts = 0;
  let bytesDown = 0;
  let bytesUp = 0;
  for (const { endMs, isDone, isRefused, isCold, costUsd, phase, round, counts } of bill) {
    if (round >= rounds || !(endMs < ms || (endMs === ms && counts))) continue;
    invocations++;
    if (isRefused) continue;
    usd += costUsd;
    if (isCold) coldStarts++;
    bytesDown += phase.bytesDown;
    if (isDone) bytesUp += phase.bytesUp;
  }
  return { ms, usd, invocations, coldStarts, bytesDown, bytesUp };
}
