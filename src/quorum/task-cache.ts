import type { Slotted } from "../ports/compute.ts";
import { taskNameOf } from "../ports/task-names.ts";
import type { PendingSlot } from "./quorum-state.ts";

/** One request to all slots: how its tasks are called, and how a slot's task is made. */
export interface Request<Task> {
  /** What all their ids begin with. */
  readonly prefix: string;
  /** Requests of one prefix about one subject have the same tasks: the weights, a direction. */
  readonly subject: object;
  /** The task that asks a slot, whenever that is; null where the slot sits this request out. */
  task(id: string, pending: PendingSlot): Task | null;
}

/** The tasks of one request, by slot. */
interface Tasks<Task> {
  readonly prefix: string;
  /** Of slots that were never lost: nearly all. */
  readonly first: (Task | null)[];
  readonly again: Map<number, { readonly attempt: number; readonly task: Task | null }>;
}

/**
 * The tasks of a request, remembered for as long as it stands: with hundreds of slots, making the
 * same names again at every arrival would be most of a run's time.
 */
export function taskCache<Task extends Slotted>(): (
  request: Request<Task>,
  pending: PendingSlot,
) => Task | null {
  // One request follows the other: those before would keep thousands of tasks from being garbage.
  let last: { readonly subject: object; readonly tasks: Tasks<Task> } | null = null;
  const tasksOf = ({ subject, prefix }: Request<Task>): Tasks<Task> => {
    if (last?.subject === subject && last.tasks.prefix === prefix) return last.tasks;
    last = { subject, tasks: { prefix, first: [], again: new Map() } };
    return last.tasks;
  };
  return (request, pending) => {
    const { slot, copy, attempt, notBeforeMs } = pending;
    // Backup tasks are few and come late.
    if (copy > 0) return taskFor(request, pending);
    const { first, again } = tasksOf(request);
    const lost = attempt === 0 ? undefined : again.get(slot);
    const before = attempt === 0 ? first[slot] : lost?.attempt === attempt ? lost.task : undefined;
    if (before === null || (before !== undefined && dateOf(before) === notBeforeMs)) return before;
    const task = taskFor(request, pending);
    if (attempt === 0) first[slot] = task;
    else again.set(slot, { attempt, task });
    return task;
  };
}

function taskFor<Task extends Slotted>(request: Request<Task>, pending: PendingSlot): Task | null {
  return dated(request.task(request.prefix + taskNameOf(pending), pending), pending);
}

/**
 * Only what was lost has to wait for its time. Nearly all tasks have no date: with one that is
 * sometimes a whole number and sometimes not, the engine would lay out ten thousand tasks a round
 * anew.
 */
function dated<Task extends Slotted>(task: Task | null, { notBeforeMs }: PendingSlot): Task | null {
  return task === null || notBeforeMs === 0 ? task : { ...task, notBeforeMs };
}

function dateOf({ notBeforeMs = 0 }: Slotted): number {
  return notBeforeMs;
}
