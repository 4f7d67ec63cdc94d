import { isDeepStrictEqual } from "node:util";
import type { Arrival, ReplyBatch, Step, Strategy } from "../../src/engine/strategy.ts";
import type { Outcome, Slotted } from "../../src/ports/compute.ts";
import { fromPacket, toPacket } from "../../src/wire/packet.ts";

/**
 * A strategy that is watched while it runs: throws at the first breach of a law of
 * `src/engine/strategy.ts`. Between any two steps the state goes through its bytes, as if the run
 * had been resumed there.
 */
export function lawful<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
): Strategy<State, Task, Result> {
  const everStarted = new Map<string, Task>();

  const wanted = (state: State): readonly Task[] => {
    const tasks = pure("wanted", state, () => strategy.wanted(state));
    const ids = new Set(tasks.map((task) => task.id));
    breach(ids.size !== tasks.length, "two wanted tasks share a name");
    started(tasks);
    return tasks;
  };

  const started = (tasks: readonly Task[]) => {
    for (const task of tasks) {
      const before = everStarted.get(task.id) ?? task;
      same(`task ${task.id} asks for other things`, before, task);
      everStarted.set(task.id, task);
    }
  };

  const onwards = (what: string, state: State): State => {
    const reborn = fromPacket<State>(toPacket(state));
    same(`${what}: the state as a checkpoint`, state, reborn);
    same(`${what}: wanted after a checkpoint`, strategy.wanted(state), strategy.wanted(reborn));
    return frozen(reborn);
  };

  const receive = (
    state: State,
    arrival: Arrival<Task, Result>,
    atMs: number,
  ): Step<State, Task> => {
    if (arrival.kind === "reply") {
      const { id } = arrival.task;
      const task = strategy.wanted(state).find((one) => one.id === id);
      breach(task === undefined, `${id} was received but is not wanted`);
      same(`${id} as it is wanted`, task, arrival.task);
    }
    const step = pure("receive", state, () => strategy.receive(state, arrival, atMs));
    if (step.starts !== undefined) {
      breach(arrival.kind === "tick", "a tick said what starts");
      const { id } = (arrival as { task: Task }).task;
      const left = strategy.wanted(state).filter((task) => task.id !== id);
      const wantedAfter = byName([...left, ...step.starts]);
      same(
        `what is wanted after ${id} and its starts`,
        wantedAfter,
        byName(strategy.wanted(step.state)),
      );
      started(step.starts);
    }
    return { ...step, state: onwards("receive", step.state) };
  };

  const openBatch = (state: State): ReplyBatch<State, Task, Result> | null => {
    const before = toPacket(state);
    const batch = strategy.batchReplies!(state);
    if (batch === null) return null;
    let shadow = state;
    return {
      record(task: Task, outcome: Outcome<Result>, atMs: number) {
        const recorded = batch.record(task, outcome, atMs);
        if (recorded !== null) {
          const {
            state: next,
            starts,
            ...more
          } = receive(shadow, { kind: "reply", task, outcome }, atMs);
          breach(starts === undefined, `${task.id} was recorded, but its step has no starts`);
          same(`${task.id} was recorded: what starts`, recorded, starts);
          same(`${task.id} was recorded`, {}, more);
          shadow = next;
        }
        same(`${task.id}: the state so far`, batch.state(), shadow);
        same("wakeAtMs of a batch", batch.wakeAtMs(), wakeAtMs(shadow));
        breach(!Buffer.from(before).equals(toPacket(state)), "a batch changed its first state");
        return recorded;
      },
      wakeAtMs: () => batch.wakeAtMs(),
      state: () => onwards("batch", batch.state()),
    };
  };

  const resume = (state: State, atMs: number): State => {
    everStarted.clear();
    return onwards(
      "resume",
      pure("resume", state, () => strategy.resume!(state, atMs)),
    );
  };

  const wakeAtMs = (state: State) => pure("wakeAtMs", state, () => strategy.wakeAtMs?.(state));

  const start = (): State => {
    const state = strategy.start();
    same("start twice", state, strategy.start());
    return onwards("start", state);
  };

  return {
    start,
    wanted,
    receive,
    ...(strategy.batchReplies === undefined ? {} : { batchReplies: openBatch }),
    ...(strategy.resume === undefined ? {} : { resume }),
    ...(strategy.wakeAtMs === undefined ? {} : { wakeAtMs }),
    ...(strategy.rowsOf === undefined
      ? {}
      : { rowsOf: (result: Result) => strategy.rowsOf!(result) }),
  };
}

function byName<Task extends Slotted>(tasks: readonly Task[]): readonly Task[] {
  return tasks.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** The same twice over, and the state as it was. */
function pure<State extends object, Value>(what: string, state: State, act: () => Value): Value {
  const before = toPacket(state);
  const value = act();
  breach(!Buffer.from(before).equals(toPacket(state)), `${what} changed the state it was given`);
  same(`${what} twice`, value, act());
  return value;
}

function same(what: string, a: unknown, b: unknown): void {
  breach(!isDeepStrictEqual(a, b), `${what}: it is not the same`);
}

function breach(isBroken: boolean, law: string): void {
  if (isBroken) throw new Error(`unlawful strategy: ${law}`);
}

/** Arrays of numbers cannot be frozen; `pure` watches those. */
function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) frozen(item);
  }
  return value;
}
