import { atSlot, slotNumbers, withSlot, withSlots } from "../core/slot-map.ts";
import { nextTryMs } from "../engine/backoff.ts";
import type { Outcome, Slotted } from "../ports/compute.ts";
import { backupNumberOf } from "../ports/task-names.ts";
import { isDamage, withRemedy } from "../store-damage.ts";
import { nextBackupMs, slotsToBackUp } from "./backup-tasks.ts";
import { type Loss, pendingSlots, type Quorum } from "./quorum-state.ts";
import type { ReplyArrival, WaitRule } from "./wait-policies/policy.ts";

/** A lost reply is asked for again, later each time, for as long as the quorum is open. */
export function recordReply<Reply>(
  quorum: Quorum<Reply>,
  task: Slotted,
  outcome: Outcome<Reply>,
  atMs: number,
  patienceMs: number,
): Quorum<Reply> {
  const { slot } = task;
  if (outcome.kind === "done") {
    const arrivals = withSlot(quorum.arrivals, quorum.replies.count, { slot, atMs });
    const replies = withSlot(quorum.replies, slot, outcome.result);
    return { ...quorum, heardMs: atMs, replies, arrivals };
  }
  const copy = backupNumberOf(task.id);
  const before = copy > 0 ? quorum.copies[slot] : atSlot(quorum.losses, slot);
  const { count, retryAtMs, reason } = lossAfter(before, {
    task,
    outcome,
    atMs,
    givesUpMs: quorum.heardMs + patienceMs,
  });
  if (copy > 0) return { ...quorum, copies: { ...quorum.copies, [slot]: { count, retryAtMs } } };
  return { ...quorum, losses: withSlot(quorum.losses, slot, { count, retryAtMs, reason }) };
}

/** A slot's losses, with one more. */
export function lossAfter(
  before: Pick<Loss, "count"> | undefined,
  lost: {
    readonly task: Slotted;
    readonly outcome: Lost;
    readonly atMs: number;
    /** When the run gives up unless somebody replies. */
    readonly givesUpMs: number;
  },
): Loss {
  const { task, outcome, atMs, givesUpMs } = lost;
  const count = (before?.count ?? 0) + 1;
  const askedMs = outcome.retryAfterMs;
  const retryAtMs = nextTryMs({ task: task.id, losses: count, atMs, askedMs, givesUpMs });
  return { count, retryAtMs, reason: outcome.reason };
}

type Lost = Extract<Outcome<unknown>, { kind: "lost" }>;

/** Sound replies in the order they came in, and the newest losses between them. */
export interface RecordedReplies<Reply> {
  /** So many of what follows are filled. */
  readonly count: number;
  readonly slots: Int32Array;
  readonly timesMs: Float64Array;
  readonly replies: readonly Reply[];
  readonly losses: ReadonlyMap<number, Loss>;
}

/** As `recordReply` of all these one after another. */
export function recordReplies<Reply>(
  quorum: Quorum<Reply>,
  { count, slots, timesMs, replies, losses }: RecordedReplies<Reply>,
): Quorum<Reply> {
  const before = quorum.replies.count;
  const places = new Int32Array(count);
  const arrivals = new Array<ReplyArrival>(count);
  for (let i = 0; i < count; i++) {
    places[i] = before + i;
    arrivals[i] = { slot: slots[i]!, atMs: timesMs[i]! };
  }
  return {
    ...quorum,
    heardMs: count === 0 ? quorum.heardMs : timesMs[count - 1]!,
    replies: withSlots(quorum.replies, slots.subarray(0, count), replies),
    arrivals: withSlots(quorum.arrivals, places, arrivals),
    losses: withSlots(quorum.losses, [...losses.keys()], [...losses.values()]),
  };
}

/** So many sound replies that change nothing else can come before any that may. */
export function safeCount({ replies, copies }: Quorum<unknown>, rule: WaitRule): number {
  const isPlain = rule.copies === undefined && rule.desertion === undefined;
  if (!isPlain || Object.keys(copies).length > 0) return 0;
  return Math.max(0, Math.min(rule.needed, rule.enough) - 1 - replies.count);
}

/** The slots that replied, ascending: sums in this order do not depend on who came first. */
export function respondedSlots(quorum: Quorum<unknown>): number[] {
  return slotNumbers(quorum.replies);
}

export function isClosed(quorum: Quorum<unknown>, rule: WaitRule, atMs: number): boolean {
  const { count } = quorum.replies;
  if (count >= rule.enough) return true;
  return count >= rule.needed ? atMs >= deadlineOf(quorum, rule) : atMs >= desertedMs(quorum, rule);
}

/**
 * Why the run gives up: no reply came for as long as its patience, or every reply that is needed
 * and missing was lost to damage, which to ask again does not mend. Null before that.
 */
export function giveUpReason(
  quorum: Quorum<unknown>,
  rule: WaitRule,
  workers: number,
  patienceMs: number,
  atMs: number,
): string | null {
  const damage = commonDamage(quorum, rule, workers);
  if (damage !== null) return damage;
  if (atMs < quorum.heardMs + patienceMs) return null;
  const { count } = quorum.replies;
  const missing = pendingSlots(quorum, workers).flatMap(({ slot, copy }) => (copy ? [] : [slot]));
  const lost = slotNumbers(quorum.losses).at(-1);
  const last = lost === undefined ? undefined : atSlot(quorum.losses, lost)?.reason;
  return (
    `${count} of the ${rule.needed} replies needed came, and none for ${patienceMs / 1000} s; ` +
    `silent slots: ${missing.join(", ")}${last === undefined ? "" : ` (last: ${last})`}`
  );
}

/** The damage that all missing slots met, where the quorum cannot close without one of them. */
function commonDamage(
  { replies, losses, ...quorum }: Quorum<unknown>,
  { needed, desertion }: WaitRule,
  workers: number,
): string | null {
  const { count } = replies;
  // As many losses as slots are missing: told without looking at each.
  if (count >= needed || desertion !== undefined || losses.count < workers - count) return null;
  const reasons = pendingSlots({ replies, losses, ...quorum }, workers).map(
    ({ slot }) => atSlot(losses, slot)?.reason ?? "",
  );
  const reason = reasons[0];
  if (reason === undefined || !reasons.every(isDamage)) return null;
  return `${count} of the ${needed} replies needed came: ${withRemedy(reason)}`;
}

/**
 * The next moment at which time alone changes something. `suffices` tells whether these slots allow
 * an estimate: where they do not, the deadline alone closes nothing.
 */
export function wakeAtMs(
  quorum: Quorum<unknown>,
  rule: WaitRule,
  patienceMs: number,
  suffices: (slots: readonly number[]) => boolean,
): number {
  const isEnough = quorum.replies.count >= rule.needed;
  const deadline = isEnough ? deadlineOf(quorum, rule) : desertedMs(quorum, rule);
  const isDue = Number.isFinite(deadline) && suffices(respondedSlots(quorum));
  const endMs = isDue ? deadline : Number.POSITIVE_INFINITY;
  return Math.min(quorum.heardMs + patienceMs, endMs, nextBackupMs(quorum, rule));
}

/** The quorum after time has passed: slow tasks get backup tasks. */
export function afterTick<Reply>(
  quorum: Quorum<Reply>,
  rule: WaitRule,
  atMs: number,
): Quorum<Reply> {
  const slots = slotsToBackUp(quorum, rule, atMs);
  if (slots.length === 0) return quorum;
  const backups = Object.fromEntries(slots.map((slot) => [slot, { count: 0, retryAtMs: atMs }]));
  return { ...quorum, copies: { ...quorum.copies, ...backups } };
}

/** A reply of this slot takes its own task off the list of what is wanted, and no other. */
export function isAlone(quorum: Quorum<unknown>, slot: number): boolean {
  return quorum.copies[slot] === undefined;
}

/** When the quorum closes with too few replies, because none has come for so long. */
function desertedMs({ startedMs, heardMs, replies }: Quorum<unknown>, rule: WaitRule): number {
  if (rule.desertion === undefined || replies.count === 0) return Number.POSITIVE_INFINITY;
  const { factor, minimumMs } = rule.desertion;
  return heardMs + Math.max(minimumMs, factor * (heardMs - startedMs));
}

function deadlineOf(quorum: Quorum<unknown>, rule: WaitRule): number {
  const deadline = quorum.startedMs + rule.deadlineMs;
  if (rule.stretch === undefined) return deadline;
  const neededMs = atSlot(quorum.arrivals, rule.needed - 1)?.atMs;
  if (neededMs === undefined) return deadline;
  return Math.min(deadline, quorum.startedMs + rule.stretch * (neededMs - quorum.startedMs));
}
