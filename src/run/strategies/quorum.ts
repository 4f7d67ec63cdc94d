import { atSlot, emptySlotMap, type SlotMap, slotsOf, withSlot } from "../../core/slot-map.ts";
import type { Outcome } from "../../ports/compute.ts";
import type { WaitRule } from "./wait.ts";

const retryFirstMs = 25;
const retryMaxMs = 5_000;

/** One question to every slot and what came back so far. Plain data. */
export interface Quorum<Reply> {
  readonly startedMs: number;
  /** When the last reply came; patience counts from here. */
  readonly heardMs: number;
  readonly replies: SlotMap<Reply>;
  readonly losses: { readonly [slot: number]: Loss };
}

interface Loss {
  readonly count: number;
  readonly retryAtMs: number;
  readonly reason: string;
}

export function ask<Reply>(atMs: number): Quorum<Reply> {
  return { startedMs: atMs, heardMs: atMs, replies: emptySlotMap(), losses: {} };
}

export interface Missing {
  readonly slot: number;
  /** How often it was lost already. */
  readonly attempt: number;
  readonly notBeforeMs: number;
}

/** Slots that have not replied, with how often they were lost and when to ask again. */
export function outstanding(quorum: Quorum<unknown>, workers: number): Missing[] {
  const missing: Missing[] = [];
  for (let slot = 0; slot < workers; slot++) {
    if (atSlot(quorum.replies, slot) !== undefined) continue;
    const loss = quorum.losses[slot];
    missing.push({ slot, attempt: loss?.count ?? 0, notBeforeMs: loss?.retryAtMs ?? 0 });
  }
  return missing;
}

/** A lost reply is asked for again, later each time, for as long as the quorum is open. */
export function hear<Reply>(
  quorum: Quorum<Reply>,
  slot: number,
  outcome: Outcome<Reply>,
  atMs: number,
): Quorum<Reply> {
  if (outcome.kind === "done") {
    return { ...quorum, heardMs: atMs, replies: withSlot(quorum.replies, slot, outcome.result) };
  }
  const count = (quorum.losses[slot]?.count ?? 0) + 1;
  const retryAtMs = atMs + Math.min(retryMaxMs, retryFirstMs * 2 ** (count - 1));
  const losses = { ...quorum.losses, [slot]: { count, retryAtMs, reason: outcome.reason } };
  return { ...quorum, losses };
}

/** The slots that replied, ascending: sums in this order do not depend on who came first. */
export function answered(quorum: Quorum<unknown>): number[] {
  return slotsOf(quorum.replies);
}

export function isClosed(quorum: Quorum<unknown>, rule: WaitRule, atMs: number): boolean {
  const { count } = quorum.replies;
  return count >= rule.enough || (count >= rule.needed && atMs >= deadlineOf(quorum, rule));
}

/** Why it will never close, once nothing was heard for the patience; null before that. */
export function despair(
  quorum: Quorum<unknown>,
  rule: WaitRule,
  workers: number,
  patienceMs: number,
  atMs: number,
): string | null {
  if (atMs < quorum.heardMs + patienceMs) return null;
  const { count } = quorum.replies;
  const missing = outstanding(quorum, workers).map(({ slot }) => slot);
  const last = Object.values(quorum.losses).at(-1)?.reason;
  return (
    `${count} of the ${rule.needed} replies needed came, and none for ${patienceMs / 1000} s; ` +
    `silent slots: ${missing.join(", ")}${last === undefined ? "" : ` (last: ${last})`}`
  );
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
  const deadline = deadlineOf(quorum, rule);
  const mayClose = Number.isFinite(deadline) && quorum.replies.count >= rule.needed;
  const isDue = mayClose && suffices(answered(quorum));
  return Math.min(quorum.heardMs + patienceMs, isDue ? deadline : Number.POSITIVE_INFINITY);
}

function deadlineOf(quorum: Quorum<unknown>, rule: WaitRule): number {
  return quorum.startedMs + rule.deadlineMs;
}
