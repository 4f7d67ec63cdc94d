import type { Clock } from "../ports/clock.ts";
import type { Compute, Outcome, Slotted, Usage } from "../ports/compute.ts";
import { inFlight, type Running } from "./in-flight.ts";
import type { Mailbox } from "./mailbox.ts";

/** A reply, and what it is a reply to. */
export interface Letter<Task, Result> {
  readonly running: Running<Task>;
  readonly outcome: Outcome<Result>;
  readonly usage: Usage;
  readonly atMs: number;
}

interface Waiting {
  readonly cancel: () => void;
  wantedAt: number;
}

export interface Wires<Task extends Slotted, Result> {
  readonly clock: Clock;
  readonly compute: Compute<Task, Result>;
  /** What the clock shows when the run's time is 0. */
  readonly originMs: number;
  readonly inbox: Mailbox<Letter<Task, Result>>;
}

/** The tasks in flight, and those that wait for their time. */
export interface UnderWay<Task> {
  /** Starts what is missing and forgets what is no longer wanted. */
  reconcile(wanted: readonly Task[]): void;
  /** Starts what is wanted besides. */
  add(tasks: readonly Task[]): void;
  /** Its reply was heard. */
  close(running: Running<Task>): void;
}

export function underWay<Task extends Slotted, Result>(wires: Wires<Task, Result>): UnderWay<Task> {
  const { clock, originMs } = wires;
  const started = inFlight<Task>();
  const waiting = new Map<string, Waiting>();
  let reconciliations = 0;
  const launch = (tasks: readonly Task[]) => {
    const startedMs = clock.nowMs() - originMs;
    const runnings: Running<Task>[] = [];
    for (const task of tasks) {
      const running: Running<Task> = {
        task,
        startedMs,
        isAwaited: true,
        isHeard: false,
        wantedAt: reconciliations,
        next: null,
      };
      started.add(running);
      runnings.push(running);
    }
    start(wires, runnings, tasks);
  };
  const add = (tasks: readonly Task[]) => {
    const nowMs = clock.nowMs() - originMs;
    const due: Task[] = [];
    for (const task of tasks) {
      const known = started.find(task) ?? (waiting.size > 0 ? waiting.get(task.id) : undefined);
      if (known !== undefined) known.wantedAt = reconciliations;
      else if ((task.notBeforeMs ?? 0) <= nowMs) due.push(task);
      else {
        // Woken even if the strategy has moved on: the next reconciliation finds nothing to do.
        const cancel = clock.schedule(originMs + (task.notBeforeMs ?? 0), () => {
          waiting.delete(task.id);
          launch([task]);
        });
        waiting.set(task.id, { cancel, wantedAt: reconciliations });
      }
    }
    if (due.length > 0) launch(due);
  };
  return {
    reconcile(wanted) {
      reconciliations++;
      add(wanted);
      // All that is wanted is there now, so equal counts mean that nothing else is.
      if (started.size + waiting.size === wanted.length) return;
      started.forEach((running) => {
        if (running.wantedAt !== reconciliations) started.forget(running);
      });
      for (const [id, { cancel, wantedAt }] of waiting)
        if (wantedAt !== reconciliations && waiting.delete(id)) cancel();
    },
    add,
    close: started.forget,
  };
}

/** Starts tasks so that their replies come as letters: all at once where that can be done. */
function start<Task extends Slotted, Result>(
  { clock, compute, originMs, inbox }: Wires<Task, Result>,
  runnings: readonly Running<Task>[],
  tasks: readonly Task[],
): void {
  const put = (running: Running<Task>, outcome: Outcome<Result>, usage: Usage) =>
    inbox.put({ running, outcome, usage, atMs: clock.nowMs() - originMs });
  if (tasks.length > 1 && compute.startAll !== undefined) {
    compute.startAll(tasks, {
      deliver: (index, outcome, usage) => put(runnings[index]!, outcome, usage),
      isWanted: (index) => runnings[index]!.isAwaited,
    });
    return;
  }
  for (const running of runnings) {
    compute.start(
      running.task,
      (outcome, usage) => put(running, outcome, usage),
      () => running.isAwaited,
    );
  }
}
