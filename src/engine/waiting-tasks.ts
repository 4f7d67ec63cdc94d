import type { Clock } from "../ports/clock.ts";
import type { Slotted } from "../ports/compute.ts";

interface Waiting {
  readonly cancel: () => void;
  wantedAt: number;
}

/** The tasks that must not start before their time. */
export interface WaitingTasks<Task> {
  readonly size: number;
  /** Notes that this reconciliation wants the task; false where it does not wait. */
  renew(task: Task, reconciliation: number): boolean;
  /** Lets the task wait until this time of the run's clock. */
  add(task: Task, untilMs: number, reconciliation: number): void;
  /** Cancels the tasks that this reconciliation did not want. */
  cancelAllBut(reconciliation: number): void;
}

/** `start` is called with each task whose time has come. */
export function waitingTasks<Task extends Slotted>(
  { clock, originMs }: { readonly clock: Clock; readonly originMs: number },
  start: (task: Task) => void,
): WaitingTasks<Task> {
  const waiting = new Map<string, Waiting>();
  return {
    get size() {
      return waiting.size;
    },
    renew({ id }, reconciliation) {
      const one = waiting.size > 0 ? waiting.get(id) : undefined;
      if (one !== undefined) one.wantedAt = reconciliation;
      return one !== undefined;
    },
    add(task, untilMs, reconciliation) {
      // Woken even if the strategy has moved on: the next reconciliation finds nothing to do.
      const cancel = clock.schedule(originMs + untilMs, () => {
        waiting.delete(task.id);
        start(task);
      });
      waiting.set(task.id, { cancel, wantedAt: reconciliation });
    },
    cancelAllBut(reconciliation) {
      for (const [id, { cancel, wantedAt }] of waiting)
        if (wantedAt !== reconciliation && waiting.delete(id)) cancel();
    },
  };
}
