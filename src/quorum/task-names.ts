import type { Slotted } from "../ports/compute.ts";

/** Which try, or which backup task, of a slot a task is. */
export interface Try {
  readonly slot: number;
  /** 0 for the task itself. */
  readonly copy: number;
  /** How often it was lost already. */
  readonly attempt: number;
}

/** Unique within its request. */
export function taskNameOf({ slot, attempt, copy }: Try): string {
  if (copy > 0) return `slot-${slot}/copy-${copy}`;
  return attempt > 0 ? `slot-${slot}/try-${attempt + 1}` : slotName(slot);
}

/** The same in every round: made once, as there are thousands. */
const slotNames: string[] = [];

function slotName(slot: number): string {
  while (slotNames.length <= slot) slotNames.push(`slot-${slotNames.length}`);
  return slotNames[slot]!;
}

/** Which backup task of its slot a task is, by its name; 0 for the task itself. */
export function copyOf({ id }: Slotted): number {
  const at = id.lastIndexOf("/copy-");
  return at < 0 ? 0 : Number(id.slice(at + "/copy-".length));
}
