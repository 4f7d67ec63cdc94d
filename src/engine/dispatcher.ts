import type { Clock } from "../ports/clock.ts";
import type { Compute, Outcome, Slotted, Usage } from "../ports/compute.ts";
import { inFlight, TaskBatch } from "./in-flight.ts";
import { waitingTasks } from "./waiting-tasks.ts";

/** A reply, and what it is a reply to. */
export interface Completion<Task, Result> {
  readonly batch: TaskBatch<Task>;
  /** Which of its tasks. */
  readonly index: number;
  readonly outcome: Outcome<Result>;
  readonly usage: Usage;
  readonly atMs: number;
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

/** Keeps the tasks in flight, and those scheduled for a later time. */
export interface Dispatcher<Task> {
  /** Starts the wanted tasks that are missing and forgets those that are no longer wanted. */
  reconcile(wanted: readonly Task[]): void;
  /** Starts more tasks, wanted as well as those before. */
  add(tasks: readonly Task[]): void;
  /** Marks a task whose reply has been handled. */
  close(batch: TaskBatch<Task>, index: number): void;
  /** Why tasks were held back since the last reconciliation; null where none were. */
  heldBack(): LoopStop | null;
  /** Every started task has replied, wanted or not. */
  isQuiet(): boolean;
}

export function dispatcher<T extends Slotted, R>(ports: DispatcherPorts<T, R>): Dispatcher<T> {
  const { clock, originMs } = ports;
  const started = inFlight<T>();
  let reconciliations = 0;
  let pending = 0;
  let heldBack: LoopStop | null = null;
  const launch = (tasks: readonly T[]) => {
    if (tasks.length === 0) return;
    heldBack ??= ports.maySend?.(tasks) ?? null;
    if (heldBack !== null) return;
    const batch = new TaskBatch(tasks, clock.nowMs() - originMs, reconciliations);
    started.add(batch);
    pending += tasks.length;
    start(ports, batch);
  };
  const waiting = waitingTasks<T>(ports, (task) => {
    launch([task]);
    if (heldBack !== null) ports.inbox.wake();
  });
  /** The task is missing and can start now; one that must wait for its time begins to. */
  const isReady = (task: T, nowMs: number): boolean => {
    if (started.renew(task, reconciliations) || waiting.renew(task, reconciliations)) return false;
    const { notBeforeMs = 0 } = task;
    if (notBeforeMs > nowMs) waiting.add(task, notBeforeMs, reconciliations);
    return notBeforeMs <= nowMs;
  };
  /** Returns the tasks that can start now. */
  const startable = (tasks: readonly T[]): readonly T[] => {
    const nowMs = clock.nowMs() - originMs;
    // Mostly all of them can: a copy is made only where one cannot.
    let ready: T[] | null = null;
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i]!;
      if (isReady(task, nowMs)) ready?.push(task);
      else ready ??= tasks.slice(0, i);
    }
    return ready ?? tasks;
  };
  return {
    reconcile(wanted) {
      reconciliations++;
      heldBack = null;
      const missing = startable(wanted);
      // All else that is wanted is there, so equal counts mean that nothing more is.
      if (started.size + waiting.size + missing.length !== wanted.length) {
        started.forgetAllBut(reconciliations);
        waiting.cancelAllBut(reconciliations);
      }
      launch(missing);
    },
    add: (tasks) => launch(startable(tasks)),
    close(batch, index) {
      started.forget(batch, index);
      if (!batch.isDone(index)) pending--;
      batch.complete(index);
    },
    heldBack: () => heldBack,
    isQuiet: () => pending === 0,
  };
}

/** Starts tasks, whose replies become completions in the inbox; all in one call where possible. */
function start<Task extends Slotted, Result>(
  { clock, compute, originMs, inbox }: DispatcherPorts<Task, Result>,
  batch: TaskBatch<Task>,
): void {
  const { tasks } = batch;
  const deliver = (index: number, outcome: Outcome<Result>, usage: Usage) =>
    inbox.put({ batch, index, outcome, usage, atMs: clock.nowMs() - originMs });
  const isWanted = (index: number) => batch.isAwaited(index);
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

/** Items that arrived and were not taken yet, in their order of arrival. */
export interface Inbox<Item> {
  put(item: Item): void;
  take(): Item | undefined;
  /** Resolves when there is an item, or the run was interrupted. */
  woken(): Promise<void>;
  wake(): void;
}

export function createInbox<Item>(interrupted: Promise<void> | undefined): Inbox<Item> {
  /** Places are used again: a list that grows and ends would be new for every reply. */
  const items: (Item | undefined)[] = [];
  let first = 0;
  let end = 0;
  let isWoken = false;
  let notify: (() => void) | null = null;
  const wake = () => {
    isWoken = true;
    notify?.();
    notify = null;
  };
  void interrupted?.then(wake);
  return {
    put(item) {
      items[end++] = item;
      wake();
    },
    take() {
      if (first < end) {
        const item = items[first];
        items[first++] = undefined;
        return item;
      }
      first = end = 0;
      isWoken = false;
      return undefined;
    },
    woken: () => (isWoken ? Promise.resolve() : new Promise((resolve) => (notify = resolve))),
    wake,
  };
}
