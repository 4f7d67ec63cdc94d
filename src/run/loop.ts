import type { Clock } from "../ports/clock.ts";
import type { Compute, Outcome, Slotted, Usage } from "../ports/compute.ts";
import type { ArrivalEvent, RunEvent } from "../ports/events.ts";
import { inFlight, type Running } from "./in-flight.ts";
import { type Mailbox, mailbox } from "./mailbox.ts";
import type { Arrival, Step, Strategy } from "./strategy.ts";

/** The loop's way out of its head: everything it does to the world. */
export interface LoopPorts<State, Task extends Slotted, Result> {
  readonly compute: Compute<Task, Result>;
  readonly clock: Clock;
  tell(event: RunEvent): void;
  /** Takes a state to keep; must not block. */
  save(state: State, elapsedMs: number): void;
  /** Asked after every step: a reason to stop now, or null. */
  mayStop(elapsedMs: number): LoopStop | null;
  /** Resolves when `mayStop` should be asked again although nothing arrived. */
  readonly interrupted?: Promise<void>;
}

export interface LoopStop {
  readonly kind: "unfinished" | "budget" | "interrupted";
  readonly reason: string;
}

export interface LoopEnd<State> {
  readonly state: State;
  readonly elapsedMs: number;
  readonly stop: LoopStop | { readonly kind: "done" };
}

interface Letter<Task, Result> {
  readonly running: Running<Task>;
  readonly outcome: Outcome<Result>;
  readonly usage: Usage;
  readonly atMs: number;
}

/**
 * Runs a strategy to its end: compares what is wanted with what is in flight, starts what is
 * missing, hands over replies to what is still wanted and drops the rest, ticks when a state asked
 * to be woken, saves durable states, tells every arrival in order. Lost and duplicated replies,
 * retries and restarts need nothing else: after a restart nothing is in flight, so everything
 * wanted is started again. `from` goes on from a saved state.
 */
export async function runLoop<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  ports: LoopPorts<State, Task, Result>,
  from: { readonly state: State; readonly elapsedMs: number } | null = null,
): Promise<LoopEnd<State>> {
  const { clock } = ports;
  const originMs = clock.nowMs() - (from?.elapsedMs ?? 0);
  const elapsed = () => clock.nowMs() - originMs;
  const inbox = mailbox<Letter<Task, Result>>(ports.interrupted);
  const tasks = underWay(ports, originMs, inbox);
  let state = from === null ? strategy.start() : resumed(strategy, from);

  const advance = (step: Step<State, Task>, atMs: number): string | undefined => {
    state = step.state;
    for (const event of step.events ?? []) ports.tell(event);
    if (step.durable) ports.save(state, atMs);
    return step.stuck;
  };
  const end = (stop: LoopEnd<State>["stop"]): LoopEnd<State> => {
    // Nothing may start any more, also not what waits for its time.
    tasks.reconcile([]);
    return { state, elapsedMs: elapsed(), stop };
  };

  let isSettled = false;
  for (;;) {
    if (!isSettled) {
      const wanted = strategy.wanted(state);
      tasks.reconcile(wanted);
      if (wanted.length === 0) return end({ kind: "done" });
    }
    const stop = ports.mayStop(elapsed());
    if (stop !== null) return end(stop);
    let stuck: string | undefined;
    const wakeAtMs = strategy.wakeAtMs?.(state);
    const untilMs = wakeAtMs === undefined ? Number.POSITIVE_INFINITY : originMs + wakeAtMs;
    const letter = soon(inbox, clock, untilMs) ?? (await later(inbox, clock, untilMs));
    isSettled = letter !== "tick";
    if (letter === "tick") {
      // Differences of clock readings round: a tick must not come before the time it was asked for.
      const atMs = Math.max(elapsed(), wakeAtMs ?? 0);
      ports.tell({ type: "tick", atMs });
      stuck = advance(strategy.receive(state, { kind: "tick" }, atMs), atMs);
    } else if (letter !== "nothing") {
      // A reply counts once, and only while its task is wanted: this drops late ones and repeats.
      const { running, outcome, atMs } = letter;
      const arrival: Arrival<Task, Result> = { kind: "reply", task: running.task, outcome };
      const step = running.isAwaited ? strategy.receive(state, arrival, atMs) : null;
      if (!running.isHeard) ports.tell(arrivalEvent(letter, step));
      running.isHeard = true;
      if (step !== null) {
        tasks.close(running);
        stuck = advance(step, atMs);
        isSettled = step.settled === true;
        if (isSettled && step.besides !== undefined) tasks.add(step.besides);
      }
    }
    if (stuck !== undefined) return end({ kind: "unfinished", reason: stuck });
  }
}

/** The tasks in flight, and those that wait for their time. */
function underWay<Task extends Slotted, Result>(
  { clock, compute }: Pick<LoopPorts<never, Task, Result>, "clock" | "compute">,
  originMs: number,
  inbox: Mailbox<Letter<Task, Result>>,
) {
  const elapsed = () => clock.nowMs() - originMs;
  const started = inFlight<Task>();
  const waiting = new Map<string, Waiting>();
  let reconciliations = 0;
  const launch = (task: Task) => {
    const running: Running<Task> = {
      task,
      startedMs: elapsed(),
      isAwaited: true,
      isHeard: false,
      wantedAt: reconciliations,
    };
    started.add(running);
    compute.start(
      task,
      (outcome, usage) => inbox.put({ running, outcome, usage, atMs: elapsed() }),
      () => running.isAwaited,
    );
  };
  const add = (task: Task) => {
    const known = started.find(task) ?? (waiting.size > 0 ? waiting.get(task.id) : undefined);
    if (known !== undefined) known.wantedAt = reconciliations;
    else if ((task.notBeforeMs ?? 0) <= elapsed()) launch(task);
    else {
      // Woken even if the strategy has moved on: the next reconciliation finds nothing to do.
      const cancel = clock.schedule(originMs + (task.notBeforeMs ?? 0), () => {
        waiting.delete(task.id);
        launch(task);
      });
      waiting.set(task.id, { cancel, wantedAt: reconciliations });
    }
  };
  return {
    /** Starts what is missing and forgets what is no longer wanted. */
    reconcile(wanted: readonly Task[]) {
      reconciliations++;
      for (const task of wanted) add(task);
      // All that is wanted is there now, so equal counts mean that nothing else is.
      if (started.size + waiting.size === wanted.length) return;
      started.forEach((running) => {
        if (running.wantedAt !== reconciliations) started.forget(running);
      });
      for (const [id, { cancel, wantedAt }] of waiting)
        if (wantedAt !== reconciliations && waiting.delete(id)) cancel();
    },
    /** Starts what is wanted besides. */
    add(tasks: readonly Task[]) {
      for (const task of tasks) add(task);
    },
    close: started.forget,
  };
}

interface Waiting {
  readonly cancel: () => void;
  wantedAt: number;
}

function resumed<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  { state, elapsedMs }: { readonly state: State; readonly elapsedMs: number },
): State {
  return strategy.resume?.(state, elapsedMs) ?? state;
}

/** `step` is what came of it, null where it was no longer wanted. */
function arrivalEvent<Task extends Slotted, Result>(
  { running, outcome, usage, atMs }: Letter<Task, Result>,
  step: { readonly refused?: string } | null,
): ArrivalEvent {
  const told = outcome.kind === "lost" ? outcome.reason : step?.refused;
  const reason = told === "" ? undefined : told;
  return {
    type: "arrival",
    atMs,
    task: running.task.id,
    slot: running.task.slot,
    startedMs: running.startedMs,
    fate: step === null ? "late" : reason === undefined ? "counted" : "lost",
    ...(reason === undefined ? {} : { reason }),
    usage,
  };
}

/** The next letter, or "tick" at `untilMs`, as far as they come without waiting. */
function soon<Item>(inbox: Mailbox<Item>, clock: Clock, untilMs: number): Item | Pause | undefined {
  const item = inbox.take();
  if (item !== undefined) return item;
  if (clock.nowMs() >= untilMs) return "tick";
  if (clock.advance?.(untilMs) !== true) return undefined;
  return inbox.take() ?? "nothing";
}

/** The next letter, or "nothing" when something else may have changed. */
async function later<Item>(
  inbox: Mailbox<Item>,
  clock: Clock,
  untilMs: number,
): Promise<Item | Pause> {
  const cancel = clock.schedule(untilMs, inbox.wake);
  await clock.rest(inbox.woken());
  cancel();
  return inbox.take() ?? "nothing";
}

type Pause = "tick" | "nothing";
