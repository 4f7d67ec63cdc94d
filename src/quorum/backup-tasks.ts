import { atSlot } from "../core/slot-map.ts";
import type { Quorum } from "./quorum-state.ts";
import type { BackupRule, WaitRule } from "./wait-policies/policy.ts";

/** When the next task will have run for so long that it gets a copy; Infinity for never. */
export function nextBackupMs(quorum: Quorum<unknown>, { copies }: WaitRule): number {
  if (copies === undefined) return Number.POSITIVE_INFINITY;
  const limitMs = limitOf(quorum, copies);
  let nextMs = Number.POSITIVE_INFINITY;
  if (limitMs === null) return nextMs;
  for (const slot of uncopied(quorum, copies))
    nextMs = Math.min(nextMs, startOf(quorum, slot) + limitMs);
  return nextMs;
}

/** The slots whose task has run for so long by now. */
export function slotsToBackUp(
  quorum: Quorum<unknown>,
  { copies }: WaitRule,
  atMs: number,
): readonly number[] {
  if (copies === undefined) return [];
  const limitMs = limitOf(quorum, copies);
  if (limitMs === null) return [];
  return uncopied(quorum, copies).filter((slot) => startOf(quorum, slot) + limitMs <= atMs);
}

/** How long a task may run before it is copied; null while too few replies are there. */
function limitOf(quorum: Quorum<unknown>, rule: BackupRule): number | null {
  const { count } = quorum.arrivals;
  if (count < rule.afterReplies) return null;
  const tookMs = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    const { slot, atMs } = atSlot(quorum.arrivals, at)!;
    tookMs[at] = Math.max(0, atMs - startOf(quorum, slot));
  }
  tookMs.sort();
  const median = (tookMs[(count - 1) >> 1]! + tookMs[count >> 1]!) / 2;
  return Math.max(rule.minimumMs, rule.factor * median);
}

function uncopied({ replies, copies }: Quorum<unknown>, { workers }: BackupRule): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < workers; slot++)
    if (atSlot(replies, slot) === undefined && copies[slot] === undefined) slots.push(slot);
  return slots;
}

/** When the slot's present task was asked for: again, where it was lost. */
function startOf({ startedMs, losses }: Quorum<unknown>, slot: number): number {
  return atSlot(losses, slot)?.retryAtMs ?? startedMs;
}
