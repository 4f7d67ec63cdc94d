import type { Outcome, Slotted } from "../ports/compute.ts";
import type { Arrival, ReplyBatch, Step, Strategy } from "./strategy.ts";

/** The newest state of a strategy; while replies come in batches, made only where it is needed. */
export interface StrategyCursor<State, Task extends Slotted, Result> {
  state(): State;
  wanted(): readonly Task[];
  wakeAtMs(): number | undefined;
  /** As `ReplyBatch.record`; null where the reply is to be received. */
  record(task: Task, outcome: Outcome<Result>, atMs: number): readonly Task[] | null;
  receive(arrival: Arrival<Task, Result>, atMs: number): Step<State, Task>;
  moveTo(state: State): void;
}

export function cursorOf<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  first: State,
): StrategyCursor<State, Task, Result> {
  let state = first;
  /** Undefined until the first reply after a step. */
  let batch: ReplyBatch<State, Task, Result> | null | undefined;
  const openBatch = () => {
    if (batch === undefined) batch = strategy.batchReplies?.(state) ?? null;
    return batch;
  };
  const newest = () => {
    if (batch) state = batch.state();
    batch = undefined;
    return state;
  };
  return {
    state: newest,
    wanted: () => strategy.wanted(newest()),
    wakeAtMs: () => (batch ? batch.wakeAtMs() : strategy.wakeAtMs?.(state)),
    record: (task, outcome, atMs) => openBatch()?.record(task, outcome, atMs) ?? null,
    receive: (arrival, atMs) => strategy.receive(newest(), arrival, atMs),
    moveTo(next) {
      state = next;
      batch = undefined;
    },
  };
}
