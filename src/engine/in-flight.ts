import type { Slotted } from "../ports/compute.ts";

/** These stand where otherwise the number of the last reconciliation that wanted a task stands. */
const forgotten = 0;
const completed = -1;

/**
 * Tasks that were started at one moment, kept while a reply may still come. The status of each is a
 * number: an object for each of ten thousand tasks would be most of a round's garbage.
 */
export class TaskBatch<Task> {
  readonly tasks: readonly Task[];
  readonly startedMs: number;
  /** The reconciliation that wanted each task last, while it is awaited. */
  private readonly standings: Int32Array<ArrayBuffer>;

  constructor(tasks: readonly Task[], startedMs: number, reconciliation: number) {
    this.tasks = tasks;
    this.startedMs = startedMs;
    this.standings = new Int32Array(tasks.length).fill(reconciliation);
  }

  /** The task is wanted and has not replied yet. */
  isAwaited(index: number): boolean {
    return this.standings[index]! > forgotten;
  }

  isDone(index: number): boolean {
    return this.standings[index] === completed;
  }

  /** Marks the task as completed, so that a second reply makes no second event. */
  complete(index: number): void {
    this.standings[index] = completed;
  }

  wantedAt(index: number): number {
    return this.standings[index]!;
  }

  want(index: number, reconciliation: number): void {
    this.standings[index] = reconciliation;
  }

  forget(index: number): void {
    this.standings[index] = forgotten;
  }
}

/** The tasks whose replies are awaited. */
export interface InFlight<Task> {
  readonly size: number;
  /** Notes that this reconciliation wants the task; false where it is not in flight. */
  renew(task: Task, reconciliation: number): boolean;
  add(batch: TaskBatch<Task>): void;
  /** Stops waiting for one task of a batch. */
  forget(batch: TaskBatch<Task>, index: number): void;
  /** Forgets every task that this reconciliation did not want. */
  forgetAllBut(reconciliation: number): void;
}

interface Place<Task> {
  readonly batch: TaskBatch<Task>;
  readonly index: number;
}

/**
 * Finds tasks by slot: a slot mostly has one task, and comparing is quicker than hashing ten
 * thousand names a round. A slot's further tasks are found by name.
 */
export function inFlight<Task extends Slotted>(): InFlight<Task> {
  const batches: (TaskBatch<Task> | null)[] = [];
  const indices: number[] = [];
  const more = new Map<string, Place<Task>>();
  let size = 0;
  const forget = (batch: TaskBatch<Task>, index: number) => {
    if (!batch.isAwaited(index)) return;
    batch.forget(index);
    size--;
    const { slot, id } = batch.tasks[index]!;
    if (batches[slot] === batch && indices[slot] === index) batches[slot] = null;
    else more.delete(id);
  };
  return {
    get size() {
      return size;
    },
    renew(task, reconciliation) {
      const { slot } = task;
      const batch = batches[slot] ?? null;
      if (batch !== null) {
        const index = indices[slot]!;
        const one = batch.tasks[index]!;
        if (one === task || one.id === task.id) {
          batch.want(index, reconciliation);
          return true;
        }
      }
      const place = more.size > 0 ? more.get(task.id) : undefined;
      place?.batch.want(place.index, reconciliation);
      return place !== undefined;
    },
    add(batch) {
      const { tasks } = batch;
      for (let index = 0; index < tasks.length; index++) {
        const { slot, id } = tasks[index]!;
        while (batches.length <= slot) {
          batches.push(null);
          indices.push(0);
        }
        if (batches[slot] === null) {
          batches[slot] = batch;
          indices[slot] = index;
        } else more.set(id, { batch, index });
      }
      size += tasks.length;
    },
    forget,
    forgetAllBut(reconciliation) {
      for (let slot = 0; slot < batches.length; slot++) {
        const batch = batches[slot] ?? null;
        if (batch === null) continue;
        const index = indices[slot]!;
        if (batch.wantedAt(index) !== reconciliation) forget(batch, index);
      }
      for (const { batch, index } of more.values())
        if (batch.wantedAt(index) !== reconciliation) forget(batch, index);
    },
  };
}
