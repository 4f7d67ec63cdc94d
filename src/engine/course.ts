import type { Outcome, Slotted } from "../ports/compute.ts";
import type { Arrival, ReplyBatch, Step, Strategy } from "./strategy.ts";

/** A strategy on its way: its newest state, spelled out only where somebody needs it. */
export interface StrategyCursor<State, Task extends Slotted, Result> {
  state(): State;
  wanted(): readonly Task[];
  wakeAtMs(): number | undefined;
  /** As `Listening.hear`; null where the reply is to be received. */
  hear(task: Task, outcome: Outcome<Result>, atMs: number): readonly Task[] | null;
  receive(arrival: Arrival<Task, Result>, atMs: number): Step<State, Task>;
  moveTo(state: State): void;
}

export function cursorOf<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  first: State,
): StrategyCursor<State, Task, Result> {
  let state = first;
  /** Undefined before anybody asked for it. */
  let listening: ReplyBatch<State, Task, Result> | null | undefined;
  const listen = () => {
    if (listening === undefined) listening = strategy.listen?.(state) ?? null;
    return listening;
  };
  const spelledOut = () => {
    if (listening) state = listening.state();
    listening = undefined;
    return state;
  };
  return {
    state: spelledOut,
    wanted: () => strategy.wanted(spelledOut()),
    wakeAtMs: () => (listening ? listening.wakeAtMs() : strategy.wakeAtMs?.(state)),
    hear: (task, outcome, atMs) => listen()?.hear(task, outcome, atMs) ?? null,
    receive: (arrival, atMs) => strategy.receive(spelledOut(), arrival, atMs),
    moveTo(next) {
      state = next;
      listening = undefined;
    },
  };
}
