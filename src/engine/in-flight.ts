import type { Slotted } from "../ports/compute.ts";

/** Instead of the reconciliation that wanted a task last. */
const forgotten = 0;
const heard = -1;

/**
 * Tasks that were started at one moment, as long as anybody may hear of them. What is known of each
 * is a number: an object for every one of ten thousand would be most of what a round leaves behind.
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

  /** Its task is wanted and nothing was heard of it yet. */
  isAwaited(index: number): boolean {
    return this.standings[index]! > forgotten;
  }

  isHeard(index: number): boolean {
    return this.standings[index] === heard;
  }

  /** It is told no second time. */
  hear(index: number): void {
    this.standings[index] = heard;
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
  /** True where the task is in flight: it was wanted by this reconciliation. */
  renew(task: Task, reconciliation: number): boolean;
  add(flight: TaskBatch<Task>): void;
  /** It is not awaited any more. */
  forget(flight: TaskBatch<Task>, index: number): void;
  /** Forgets all that this reconciliation did not want. */
  forgetAllBut(reconciliation: number): void;
}

interface Place<Task> {
  readonly flight: TaskBatch<Task>;
  readonly index: number;
}

/**
 * Found by slot: a slot mostly has one task, and comparing is quicker than hashing ten thousand
 * names a round. What a slot has besides is found by name.
 */
export function inFlight<Task extends Slotted>(): InFlight<Task> {
  const flights: (TaskBatch<Task> | null)[] = [];
  const indices: number[] = [];
  const more = new Map<string, Place<Task>>();
  let size = 0;
  const forget = (flight: TaskBatch<Task>, index: number) => {
    if (!flight.isAwaited(index)) return;
    flight.forget(index);
    size--;
    const { slot, id } = flight.tasks[index]!;
    if (flights[slot] === flight && indices[slot] === index) flights[slot] = null;
    else more.delete(id);
  };
  return {
    get size() {
      return size;
    },
    renew(task, reconciliation) {
      const { slot } = task;
      const flight = flights[slot] ?? null;
      if (flight !== null) {
        const index = indices[slot]!;
        const one = flight.tasks[index]!;
        if (one === task || one.id === task.id) {
          flight.want(index, reconciliation);
          return true;
        }
      }
      const place = more.size > 0 ? more.get(task.id) : undefined;
      place?.flight.want(place.index, reconciliation);
      return place !== undefined;
    },
    add(flight) {
      const { tasks } = flight;
      for (let index = 0; index < tasks.length; index++) {
        const { slot, id } = tasks[index]!;
        while (flights.length <= slot) {
          flights.push(null);
          indices.push(0);
        }
        if (flights[slot] === null) {
          flights[slot] = flight;
          indices[slot] = index;
        } else more.set(id, { flight, index });
      }
      size += tasks.length;
    },
    forget,
    forgetAllBut(reconciliation) {
      for (let slot = 0; slot < flights.length; slot++) {
        const flight = flights[slot] ?? null;
        if (flight === null) continue;
        const index = indices[slot]!;
        if (flight.wantedAt(index) !== reconciliation) forget(flight, index);
      }
      for (const { flight, index } of more.values())
        if (flight.wantedAt(index) !== reconciliation) forget(flight, index);
    },
  };
}
