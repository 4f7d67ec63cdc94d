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
  /** Another one of the same slot. */
  next: Running<Task> | null;
}

/**
 * The tasks whose replies are awaited, found by slot and then by name: a slot has one or two, and
 * comparing those is quicker than hashing ten thousand names a round.
 */
export interface InFlight<Task> {
  readonly size: number;
  find(task: Task): Running<Task> | null;
  add(running: Running<Task>): void;
  /** It is not awaited any more. */
  forget(running: Running<Task>): void;
  forEach(visit: (running: Running<Task>) => void): void;
}

export function inFlight<Task extends Slotted>(): InFlight<Task> {
  const slots: (Running<Task> | null)[] = [];
  let size = 0;
  return {
    get size() {
      return size;
    },
    find(task) {
      let one = slots[task.slot] ?? null;
      while (one !== null && one.task !== task && one.task.id !== task.id) one = one.next;
      return one;
    },
    add(running) {
      const { slot } = running.task;
      while (slots.length <= slot) slots.push(null);
      running.next = slots[slot]!;
      slots[slot] = running;
      size++;
    },
    forget(running) {
      if (!running.isAwaited) return;
      running.isAwaited = false;
      size--;
      const { slot } = running.task;
      const first = slots[slot]!;
      if (first === running) slots[slot] = running.next;
      else {
        let before = first;
        while (before.next !== running) before = before.next!;
        before.next = running.next;
      }
      running.next = null;
    },
    forEach(visit) {
      for (let slot = 0; slot < slots.length; slot++) {
        let one = slots[slot] ?? null;
        while (one !== null) {
          // What is visited may be forgotten.
          const { next } = one;
          visit(one);
          one = next;
        }
      }
    },
  };
}
