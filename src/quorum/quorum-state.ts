import { atSlot, emptySlotMap, type SlotMap } from "../core/slot-map.ts";
import type { ReplyArrival } from "./wait-policies/policy.ts";

/** One request to every slot, and the replies so far. Plain data. */
export interface Quorum<Reply> {
  readonly startedMs: number;
  /** When the last reply came; patience counts from here. */
  readonly heardMs: number;
  readonly replies: SlotMap<Reply>;
  /** The replies in the order they came in: 0 for the first. */
  readonly arrivals: SlotMap<ReplyArrival>;
  readonly losses: SlotMap<Loss>;
  /** Slots whose task runs a second time, with how often such copies were lost. */
  readonly copies: { readonly [slot: number]: Pick<Loss, "count" | "retryAtMs"> };
}

export interface Loss {
  readonly count: number;
  readonly retryAtMs: number;
  readonly reason: string;
}

export function openQuorum<Reply>(atMs: number): Quorum<Reply> {
  return {
    startedMs: atMs,
    heardMs: atMs,
    replies: emptySlotMap(),
    arrivals: emptySlotMap(),
    losses: emptySlotMap(),
    copies: {},
  };
}

export interface PendingSlot {
  readonly slot: number;
  /** Which copy of the slot's task this is; 0 for the task itself. */
  readonly copy: number;
  /** How often it was lost already. */
  readonly attempt: number;
  readonly notBeforeMs: number;
}

/** Slots that have not replied, with how often they were lost and when to ask again. */
export function pendingSlots(quorum: Quorum<unknown>, workers: number): PendingSlot[] {
  const missing: PendingSlot[] = [];
  for (let slot = 0; slot < workers; slot++) {
    if (atSlot(quorum.replies, slot) !== undefined) continue;
    missing.push(pendingAt(quorum, slot));
    const copied = quorum.copies[slot];
    if (copied === undefined) continue;
    missing.push({ slot, copy: copied.count + 1, attempt: 0, notBeforeMs: copied.retryAtMs });
  }
  return missing;
}

/** A slot that has not replied: the task itself. */
export function pendingAt(quorum: Quorum<unknown>, slot: number): PendingSlot {
  const loss = atSlot(quorum.losses, slot);
  if (loss === undefined) return untried(slot);
  return { slot, copy: 0, attempt: loss.count, notBeforeMs: loss.retryAtMs };
}

/** By slot: the same in every round, and made once. */
const neverLost: PendingSlot[] = [];

function untried(slot: number): PendingSlot {
  while (neverLost.length <= slot)
    neverLost.push({ slot: neverLost.length, copy: 0, attempt: 0, notBeforeMs: 0 });
  return neverLost[slot]!;
}
