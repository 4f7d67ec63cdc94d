/** Which try, or which backup task, of a slot a task is. */
export interface Try {
  readonly slot: number;
  /** 0 for the task itself. */
  readonly copy: number;
  /** How often it was lost already. */
  readonly attempt: number;
}

/** A task's name within its request: `slot-5/try-2` of `round-3/gradient/slot-5/try-2`. */
export function taskNameOf({ slot, attempt, copy }: Try): string {
  if (copy > 0) return `slot-${slot}${backupMark}${copy}`;
  return attempt > 0 ? `${slotName(slot)}/try-${attempt + 1}` : slotName(slot);
}

/** Which backup task of its slot a task is, by its name; 0 for the task itself. */
export function backupNumberOf(taskName: string): number {
  const at = taskName.lastIndexOf(backupMark);
  return at < 0 ? 0 : Number(taskName.slice(at + backupMark.length));
}

/** What tasks of one request have in common: all before the slot; empty for a name without one. */
export function requestNameOf(taskName: string): string {
  return /^(.*?)\bslot/.exec(taskName)?.[1] ?? "";
}

const backupMark = "/copy-";

/** The same in every round: made once, as there are thousands. */
const slotNames: string[] = [];

function slotName(slot: number): string {
  while (slotNames.length <= slot) slotNames.push(`slot-${slotNames.length}`);
  return slotNames[slot]!;
}
