import { RunError } from "../core/errors.ts";
import type { Outcome, Slotted } from "../ports/compute.ts";
import type { ArrivalEvent, RunEvent } from "../ports/events.ts";
import type { Step, Strategy } from "./strategy.ts";

/**
 * The state that a recorded run ended in, computed again from what arrived: counted and lost
 * replies and ticks go to the strategy in their order and at their times, results come from
 * `perform`: where a task left to its time how many rows it takes, it is asked for the recorded
 * number. Each `resumed` goes back to the last durable state, as the run did. Throws `RunError`
 * where the recording cannot be of this strategy.
 */
export async function replay<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  events: Iterable<RunEvent>,
  perform: (task: Task) => Result | Promise<Result>,
): Promise<State> {
  let state = strategy.start();
  let durable = state;
  for (const event of events) {
    let step: Step<State, Task>;
    if (event.type === "resumed") {
      state = strategy.resume?.(durable, event.atMs) ?? durable;
      continue;
    } else if (event.type === "tick") {
      step = strategy.receive(state, { kind: "tick" }, event.atMs);
    } else if (event.type === "arrival" && event.fate !== "late") {
      const task = wantedTask(strategy.wanted(state), event);
      const outcome = await outcomeOf(event, task, perform);
      step = strategy.receive(state, { kind: "reply", task, outcome }, event.atMs);
    } else continue;
    state = step.state;
    if (step.durable) durable = state;
  }
  return state;
}

/** Throws `RunError` where the events do not hold every reply, so that a replay is impossible. */
export function checkReplayable(events: readonly RunEvent[]): void {
  if (!events.some((event) => event.type === "arrivals")) return;
  throw new RunError("not-recorded", "the run was so large that most replies were told in sums", {
    hint: "simulate its spec again instead: the same seed gives the same replies and weights",
  });
}

function wantedTask<Task extends Slotted>(wanted: readonly Task[], event: ArrivalEvent): Task {
  const task = wanted.find(({ id }) => id === event.task);
  if (task !== undefined) return task;
  throw new RunError(
    "bad-recording",
    `the recording has a reply to ${event.task} at ${event.atMs} ms, but nothing asked for it`,
    { hint: "replay a run with the version of kofn and the spec that recorded it" },
  );
}

async function outcomeOf<Task extends Slotted, Result>(
  { fate, reason = "", retryAfterMs, rows }: ArrivalEvent,
  task: Task,
  perform: (task: Task) => Result | Promise<Result>,
): Promise<Outcome<Result>> {
  if (fate === "lost")
    return { kind: "lost", reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return {
    kind: "done",
    result: await perform(rows === undefined ? task : { ...task, exactRows: rows }),
  };
}
