import type { Clock } from "../ports/clock.ts";
import type { Compute, Slotted } from "../ports/compute.ts";
import type { ArrivalEvent, RunEvent } from "../ports/events.ts";
import {
  type Completion,
  createInbox,
  dispatcher,
  type Inbox,
  type LoopStop,
} from "./dispatcher.ts";
import type { Step, Strategy } from "./strategy.ts";
import { cursorOf } from "./strategy-cursor.ts";

/** Every effect that the loop has on the world. */
export interface LoopPorts<State, Task extends Slotted, Result> {
  readonly compute: Compute<Task, Result>;
  readonly clock: Clock;
  emit(event: RunEvent): void;
  /** Saves a state; must not block. */
  save(state: State, elapsedMs: number): void;
  /** The loop calls this after every step: a reason to stop now, or null. */
  mayStop(elapsedMs: number): LoopStop | null;
  /**
   * The loop calls this before it starts tasks: null, or why they must not start. It then holds
   * them back and calls again after every further reply, wanted or not; the run stops once no
   * reply can come.
   */
  maySend?(tasks: readonly Task[]): LoopStop | null;
  /** Resolves when the loop should call `mayStop` again although nothing arrived. */
  readonly interrupted?: Promise<void>;
}

export interface LoopEnd<State> {
  readonly state: State;
  readonly elapsedMs: number;
  readonly stop: LoopStop | { readonly kind: "done" };
}

/**
 * Runs a strategy to its end: compares the wanted tasks with those in flight, starts the missing
 * ones, hands replies to wanted tasks to the strategy and drops all others, ticks at the time that
 * a state asks for, saves durable states, and emits an event for every arrival in order. This
 * covers lost and duplicated replies, retries and restarts: after a restart no task is in flight,
 * so the loop starts every wanted task again. `from` continues from a saved state.
 */
export async function runLoop<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  ports: LoopPorts<State, Task, Result>,
  from: { readonly state: State; readonly elapsedMs: number } | null = null,
): Promise<LoopEnd<State>> {
  const { clock, compute, maySend } = ports;
  const originMs = clock.nowMs() - (from?.elapsedMs ?? 0);
  const elapsed = () => clock.nowMs() - originMs;
  const inbox = createInbox<Completion<Task, Result>>(ports.interrupted);
  const tasks = dispatcher({ clock, compute, originMs, inbox, ...(maySend && { maySend }) });
  const cursor = cursorOf(strategy, from === null ? strategy.start() : resumed(strategy, from));

  const advance = (step: Step<State, Task>, atMs: number): string | undefined => {
    cursor.moveTo(step.state);
    for (const event of step.events ?? []) ports.emit(event);
    if (step.durable) ports.save(step.state, atMs);
    return step.failed;
  };
  const end = (stop: LoopEnd<State>["stop"]): LoopEnd<State> => {
    // Nothing may start any more, also not what waits for its time.
    tasks.reconcile([]);
    return { state: cursor.state(), elapsedMs: elapsed(), stop };
  };
  let starts: readonly Task[] | undefined;
  for (;;) {
    if (starts === undefined || tasks.heldBack() !== null) {
      const wanted = cursor.wanted();
      tasks.reconcile(wanted);
      if (wanted.length === 0) return end({ kind: "done" });
    }
    const stop = ports.mayStop(elapsed()) ?? (tasks.isQuiet() ? tasks.heldBack() : null);
    if (stop !== null) return end(stop);
    let step: Step<State, Task> | null = null;
    let recorded: readonly Task[] | null = none;
    let atMs = 0;
    const wakeAtMs = cursor.wakeAtMs();
    const untilMs = originMs + (wakeAtMs ?? Number.POSITIVE_INFINITY);
    const completion = pollNext(inbox, clock, untilMs) ?? (await waitNext(inbox, clock, untilMs));
    if (completion === "tick") {
      // Differences of clock readings round: a tick must not come before the time it was asked for.
      atMs = Math.max(elapsed(), wakeAtMs ?? 0);
      ports.emit({ type: "tick", atMs });
      step = cursor.receive({ kind: "tick" }, atMs);
    } else if (completion !== "nothing") {
      // A reply counts once, and only while its task is wanted: this drops late ones and repeats.
      const { batch, index, outcome } = completion;
      const task = batch.tasks[index]!;
      const isAwaited = batch.isAwaited(index);
      atMs = completion.atMs;
      if (isAwaited) recorded = cursor.record(task, outcome, atMs);
      if (recorded === null) step = cursor.receive({ kind: "reply", task, outcome }, atMs);
      if (!batch.isDone(index)) ports.emit(arrivalEvent(strategy, completion, isAwaited, step));
      tasks.close(batch, index);
    }
    starts = step === null ? (recorded ?? none) : step.starts;
    const failed = step === null ? undefined : advance(step, atMs);
    if (starts !== undefined) tasks.add(starts);
    if (failed !== undefined) return end(tasks.heldBack() ?? unfinished(failed));
  }
}

const none: readonly never[] = [];

function unfinished(reason: string): LoopStop {
  return { kind: "unfinished", reason };
}

function resumed<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  { state, elapsedMs }: { readonly state: State; readonly elapsedMs: number },
): State {
  return strategy.resume?.(state, elapsedMs) ?? state;
}

/** `step` is what the strategy made of the reply, null where it made nothing of it. */
function arrivalEvent<Task extends Slotted, Result>(
  { rowsOf }: Pick<Strategy<object, Task, Result>, "rowsOf">,
  { batch, index, outcome, usage, atMs }: Completion<Task, Result>,
  isWanted: boolean,
  step: Pick<Step<object>, "rejected"> | null,
): ArrivalEvent {
  const lossReason = outcome.kind === "lost" ? outcome.reason : step?.rejected;
  const reason = lossReason === "" ? undefined : lossReason;
  const { startedMs } = batch;
  const fate = !isWanted ? "late" : reason === undefined ? "counted" : "lost";
  const { id, slot } = batch.tasks[index]!;
  const type = "arrival";
  if (reason === undefined) {
    const rows = outcome.kind === "done" ? rowsOf?.(outcome.result) : undefined;
    // Spread out, as copies of objects take long.
    if (rows === undefined) return { type, atMs, task: id, slot, startedMs, fate, usage };
    return { type, atMs, task: id, slot, startedMs, fate, rows, usage };
  }
  const event = { type, atMs, task: id, slot, startedMs, fate, reason, usage } as const;
  const retryAfterMs = outcome.kind === "lost" ? outcome.retryAfterMs : undefined;
  return retryAfterMs === undefined ? event : { ...event, retryAfterMs };
}

/** The next completion, or "tick" at `untilMs`, as far as they come without waiting. */
function pollNext<Item>(
  inbox: Inbox<Item>,
  clock: Clock,
  untilMs: number,
): Item | Pause | undefined {
  const item = inbox.take();
  if (item !== undefined) return item;
  if (clock.nowMs() >= untilMs) return "tick";
  if (clock.advance?.(untilMs) !== true) return undefined;
  return inbox.take() ?? "nothing";
}

/** The next completion, or "nothing" when something else may have changed. */
async function waitNext<Item>(
  inbox: Inbox<Item>,
  clock: Clock,
  untilMs: number,
): Promise<Item | Pause> {
  const cancel = clock.schedule(untilMs, inbox.wake);
  await clock.rest(inbox.woken());
  cancel();
  return inbox.take() ?? "nothing";
}

type Pause = "tick" | "nothing";
