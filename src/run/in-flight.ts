import type { Slotted } from "../ports/compute.ts";

/** A task that was started, as long as anybody may hear of it. */
export interface Running<Task> {
  readonly task: Task;
  readonly startedMs: number;
  /** Its task is wanted and nothing was heard of it yet. */
  isAwaited: boolean;
  isHeard: boolean;
  /** The last reconciliation that wanted it. */
  wantedAt: number;
}

/**
 * The tasks whose replies are awaited, found by slot and then by name: a slot has one or two, and
 * comparing those is quicker than hashing ten thousand names a round.
 */
export interface InFlight<Task> {
  readonly size: number;
  find(task: Task): Running<Task> | undefined;
  add(running: Running<Task>): void;
  /** It is not awaited any more. */
  forget(running: Running<Task>): void;
  forEach(visit: (running: Running<Task>) => void): void;
}

export function inFlight<Task extends Slotted>(): InFlight<Task> {
  const slots = new Map<number, Running<Task>[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    find: (task) =>
      slots.get(task.slot)?.find((one) => one.task === task || one.task.id === task.id),
    add(running) {
      const { slot } = running.task;
      const there = slots.get(slot);
      if (there === undefined) slots.set(slot, [running]);
      else there.push(running);
      size++;
    },
    forget(running) {
      running.isAwaited = false;
      const there = slots.get(running.task.slot) ?? [];
      const at = there.indexOf(running);
      if (at < 0) return;
      there.splice(at, 1);
      size--;
    },
    forEach(visit) {
      // What is visited may be forgotten.
      for (const there of slots.values())
        for (let at = there.length - 1; at >= 0; at--) visit(there[at]!);
    },
  };
}
