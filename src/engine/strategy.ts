import type { Outcome, Slotted } from "../ports/compute.ts";
import type { RunEvent } from "../ports/events.ts";

/**
 * How training proceeds, as a state machine without effects. Laws (tested by wrapping strategies):
 * all three functions are pure; states are plain data and arrays, so every state is a checkpoint;
 * a reply is received only for a task that is wanted; what is wanted does not depend on time.
 */
export interface Strategy<State extends object, Task extends Slotted, Result> {
  start(): State;
  /** What should be running now; empty means finished. The loop starts what is missing. */
  wanted(state: State): readonly Task[];
  receive(state: State, arrival: Arrival<Task, Result>, atMs: number): Step<State, Task>;
  /** A saved state on its way back into a run at `atMs`: deadlines and patience begin anew. */
  resume?(state: State, atMs: number): State;
  /** Hears replies from this state on, without a new state for each; null where it cannot. */
  listen?(state: State): ReplyBatch<State, Task, Result> | null;
  /** When this state wants a tick if nothing else happens; asked again after every step. */
  wakeAtMs?(state: State): number | undefined;
}

/**
 * Replies heard one after another from some state on: a state for each of ten thousand would cost
 * more than the replies. Laws (tested by wrapping strategies): it leaves the state it began with
 * alone, and whatever was heard, `state` is what `receive` makes of the same replies one by one.
 */
export interface ReplyBatch<State, Task, Result> {
  /**
   * What is wanted besides, mostly nothing, where `receive` would have settled and told nothing;
   * null where the reply was not heard and is to be received.
   */
  hear(task: Task, outcome: Outcome<Result>, atMs: number): readonly Task[] | null;
  /** Of the state so far. */
  wakeAtMs(): number | undefined;
  state(): State;
}

export type Arrival<Task, Result> =
  | { readonly kind: "reply"; readonly task: Task; readonly outcome: Outcome<Result> }
  | { readonly kind: "tick" };

export interface Step<State, Task extends Slotted = never> {
  readonly state: State;
  readonly events?: readonly RunEvent[];
  /** Worth a checkpoint. */
  readonly durable?: boolean;
  /**
   * What is wanted now is what was wanted before, less the task just heard: the loop need not ask.
   * With thousands of slots, asking at every reply would be most of the work.
   */
  readonly settled?: boolean;
  /** With `settled`: what is wanted besides, such as the task just lost, asked for again. */
  readonly besides?: readonly Task[];
  /** The reply was no use, for this reason: it is told and counted as lost. */
  readonly refused?: string;
  /** It cannot go on: why. What was saved last is kept. */
  readonly stuck?: string;
}
