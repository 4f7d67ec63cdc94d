import type { ArrivalEvent } from "../ports/events.ts";

/** What a slot's worker printed last. */
export interface PrintedLines {
  readonly slot: number;
  readonly atMs: number;
  readonly task: string;
  readonly text: string;
}

const slotsMax = 40;
const taskCharsMax = 160;

/** The last lines of each slot that printed any, of the latest slots. */
export function printedBySlot(arrivals: readonly ArrivalEvent[]): PrintedLines[] {
  const bySlot = new Map<number, PrintedLines>();
  for (let i = arrivals.length - 1; i >= 0 && bySlot.size < slotsMax; i--) {
    const { slot, atMs, task, usage } = arrivals[i]!;
    if (usage.printed === undefined || bySlot.has(slot)) continue;
    bySlot.set(slot, { slot, atMs, task: task.slice(0, taskCharsMax), text: usage.printed });
  }
  return [...bySlot.values()];
}
