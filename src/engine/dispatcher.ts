import type { Clock } from "../ports/clock.ts";
import type { Compute, Outcome, Slotted, Usage } from "../ports/compute.ts";
import { inFlight, TaskBatch } from "./in-flight.ts";

/** A reply, and what it is a reply to. */
export interface Completion<Task, Result> {
  readonly flight: TaskBatch<Task>;
  /** Which of its tasks. */
  readonly index: number;
  readonly outcome: Outcome<Result>;
  readonly usage: Usage;
  readonly atMs: number;
}

interface Waiting {
  readonly cancel: () => void;
  wantedAt: number;
}

export interface DispatcherPorts<Task extends Slotted, Result> {
  readonly clock: Clock;
  readonly compute: Compute<Task, Result>;
  /** What the clock shows when the run's time is 0. */
  readonly originMs: number;
  readonly inbox: Inbox<Completion<Task, Result>>;
  /** Asked before tasks are started: null, or why they must not be. */
  maySend?(tasks: readonly Task[]): LoopStop | null;
}

/** The tasks in flight, and those that wait for their time. */
export interface Dispatcher<Task> {
  /** Starts what is missing and forgets what is no longer wanted. */
  reconcile(wanted: readonly Task[]): void;
  /** Starts what is wanted besides. */
  add(tasks: readonly Task[]): void;
  /** Its reply was heard. */
  close(flight: TaskBatch<Task>, index: number): void;
  /** Why tasks were held back since the last reconciliation; null where none were. */
  heldBack(): LoopStop | null;
  /** Something was heard of every task, wanted or not. */
  isQuiet(): boolean;
}

export function dispatcher<T extends Slotted, R>(ports: DispatcherPorts<T, R>): Dispatcher<T> {
  const { clock, originMs } = ports;
  const started = inFlight<T>();
  const waiting = new Map<string, Waiting>();
  let reconciliations = 0;
  let unheard = 0;
  let heldBack: LoopStop | null = null;
  const launch = (tasks: readonly T[]) => {
    if (tasks.length === 0) return;
    heldBack ??= ports.maySend?.(tasks) ?? null;
    if (heldBack !== null) return;
    const flight = new TaskBatch(tasks, clock.nowMs() - originMs, reconciliations);
    started.add(flight);
    unheard += tasks.length;
    start(ports, flight);
  };
  const defer = (task: T, untilMs: number) => {
    // Woken even if the strategy has moved on: the next reconciliation finds nothing to do.
    const cancel = clock.schedule(originMs + untilMs, () => {
      waiting.delete(task.id);
      launch([task]);
      if (heldBack !== null) ports.inbox.wake();
    });
    waiting.set(task.id, { cancel, wantedAt: reconciliations });
  };
  /** What is due of these; what is to wait for its time waits. */
  const due = (tasks: readonly T[]): T[] => {
    const nowMs = clock.nowMs() - originMs;
    const found: T[] = [];
    for (const task of tasks) {
      if (started.renew(task, reconciliations)) continue;
      const known = waiting.size > 0 ? waiting.get(task.id) : undefined;
      if (known !== undefined) known.wantedAt = reconciliations;
      else if ((task.notBeforeMs ?? 0) <= nowMs) found.push(task);
      else defer(task, task.notBeforeMs ?? 0);
    }
    return found;
  };
  return {
    reconcile(wanted) {
      reconciliations++;
      heldBack = null;
      const missing = due(wanted);
      // All else that is wanted is there, so equal counts mean that nothing more is.
      if (started.size + waiting.size + missing.length !== wanted.length) {
        started.forgetAllBut(reconciliations);
        callOff(waiting, reconciliations);
      }
      launch(missing);
    },
    add: (tasks) => launch(due(tasks)),
    close(flight, index) {
      started.forget(flight, index);
      if (!flight.isHeard(index)) unheard--;
      flight.hear(index);
    },
    heldBack: () => heldBack,
    isQuiet: () => unheard === 0,
  };
}

/** What waits and was not wanted by this reconciliation does not start. */
function callOff(waiting: Map<string, Waiting>, reconciliation: number): void {
  for (const [id, { cancel, wantedAt }] of waiting)
    if (wantedAt !== reconciliation && waiting.delete(id)) cancel();
}

/** Starts tasks so that their replies come as letters: all at once where that can be done. */
function start<Task extends Slotted, Result>(
  { clock, compute, originMs, inbox }: DispatcherPorts<Task, Result>,
  flight: TaskBatch<Task>,
): void {
  const { tasks } = flight;
  const deliver = (index: number, outcome: Outcome<Result>, usage: Usage) =>
    inbox.put({ flight, index, outcome, usage, atMs: clock.nowMs() - originMs });
  const isWanted = (index: number) => flight.isAwaited(index);
  if (tasks.length > 1 && compute.startAll !== undefined)
    compute.startAll(tasks, { deliver, isWanted });
  else
    for (const [index, task] of tasks.entries())
      compute.start(
        task,
        (outcome, usage) => deliver(index, outcome, usage),
        () => isWanted(index),
      );
}

export interface LoopStop {
  readonly kind: "unfinished" | "budget" | "interrupted";
  readonly reason: string;
  /** What one more round is forecast to cost, where dollars are why. */
  readonly nextUsd?: number;
}

/** What came and was not looked at yet, in its order. */
export interface Inbox<Item> {
  put(item: Item): void;
  take(): Item | undefined;
  /** Resolves when something is there, or the run was interrupted. */
  woken(): Promise<void>;
  wake(): void;
}

export function createInbox<Item>(interrupted: Promise<void> | undefined): Inbox<Item> {
  const items: Item[] = [];
  let first = 0;
  let isWoken = false;
  let tell: (() => void) | null = null;
  const wake = () => {
    isWoken = true;
    tell?.();
    tell = null;
  };
  void interrupted?.then(wake);
  return {
    put(item) {
      items.push(item);
      wake();
    },
    take() {
      if (first < items.length) return items[first++];
      items.length = first = 0;
      isWoken = false;
      return undefined;
    },
    woken: () => (isWoken ? Promise.resolve() : new Promise((resolve) => (tell = resolve))),
    wake,
  };
}
