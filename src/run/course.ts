import type { Slotted } from "../ports/compute.ts";
import type { Arrival, Listening, Step, Strategy } from "./strategy.ts";

/** A strategy on its way: its newest state, spelled out only where somebody needs it. */
export interface Course<State, Task extends Slotted, Result> {
  state(): State;
  wanted(): readonly Task[];
  wakeAtMs(): number | undefined;
  /** Null where all that came of it is that it was heard. */
  receive(arrival: Arrival<Task, Result>, atMs: number): Step<State, Task> | null;
  moveTo(state: State): void;
}

export function courseOf<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  first: State,
): Course<State, Task, Result> {
  let state = first;
  /** Undefined before anybody asked for it. */
  let listening: Listening<State, Task, Result> | null | undefined;
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
    receive(arrival, atMs) {
      if (arrival.kind === "reply" && listen()?.hear(arrival.task, arrival.outcome, atMs))
        return null;
      return strategy.receive(spelledOut(), arrival, atMs);
    },
    moveTo(next) {
      state = next;
      listening = undefined;
    },
  };
}
