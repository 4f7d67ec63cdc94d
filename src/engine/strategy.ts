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
  /** Records replies from this state on, without a new state for each; null where it cannot. */
  batchReplies?(state: State): ReplyBatch<State, Task, Result> | null;
  /** When this state wants a tick if nothing else happens; asked again after every step. */
  wakeAtMs?(state: State): number | undefined;
  /** How many rows a reply is of, where its task left that to its time: recorded with it. */
  rowsOf?(result: Result): number | undefined;
}

/**
 * Replies recorded one after another from some state on: a state for each of ten thousand would
 * cost more than the replies. Laws (tested by wrapping strategies): it leaves the state it began
 * with alone, and `state` is what `receive` makes of the same replies one by one.
 */
export interface ReplyBatch<State, Task, Result> {
  /**
   * `starts` of the step that `receive` would make, mostly none, where that emits no event and is
   * no checkpoint; null where the reply was not recorded and is to be received.
   */
  record(task: Task, outcome: Outcome<Result>, atMs: number): readonly Task[] | null;
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
   * The command that the step comes to, where it is known: start these tasks, such as the one just
   * lost, again; besides, only the task just received is no longer wanted. Where it is absent, the
   * loop asks `wanted`; with thousands of slots, that at every reply would be most of the work.
   */
  readonly starts?: readonly Task[];
  /** Why the reply was rejected: its event says so, and it counts as lost. */
  readonly rejected?: string;
  /** The run cannot go on, for this reason. The last checkpoint is kept. */
  readonly failed?: string;
}
