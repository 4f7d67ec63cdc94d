import type { OpenedRun } from "../platform/training/open-run.ts";
import type { PrivacySpent } from "../ports/events.ts";
import {
  type LiveBatch,
  type LiveReset,
  type LiveStatus,
  noBudgets,
} from "../report/live/protocol.ts";
import { type LogPosition, logFollower } from "./follow-run.ts";
import { liveStatusOf, spentOf } from "./run-status.ts";

/** Ledgers are many small objects: of a run under way they are read at every so many changes. */
const changesBetweenLedgers = 4;

/** A server-sent event. */
export type StreamMessage =
  | { readonly name: "reset"; readonly data: LiveReset }
  | { readonly name: "batch"; readonly data: LiveBatch; readonly position: LogPosition }
  | { readonly name: "status"; readonly data: LiveStatus };

/**
 * Each call returns what changed in a run since the last one: events in order, and its status where
 * that is another. Null stands for a home that is not there yet.
 */
export function runChanges(
  run: string,
  from: LogPosition | null,
  problemOf: (run: string) => string,
): (opened: OpenedRun | null) => Promise<StreamMessage[]> {
  const follow = logFollower(run, from);
  let spent: PrivacySpent | null = null;
  let changes = 0;
  let before = "";
  const withStatus = (messages: StreamMessage[], status: LiveStatus): StreamMessage[] => {
    const text = JSON.stringify(status);
    if (text !== before) messages.push({ name: "status", data: status });
    before = text;
    return messages;
  };
  return async (opened) => {
    const problem = problemOf(run);
    if (opened === null) return withStatus([], { ...startingStatus(run), problem });
    // The status first: the next poll sends the events that come after it.
    const status = await liveStatusOf(opened, run);
    const messages =
      status.status === "damaged"
        ? []
        : (await follow(opened.store)).map((change) => messageOf(run, change));
    const isDue = messages.length > 0 && changes++ % changesBetweenLedgers === 0;
    if (isDue || !(status.status === "running" || before.includes(`"${status.status}"`)))
      spent = await spentOf(opened, run);
    return withStatus(messages, { ...status, privacy: spent, problem });
  };
}

type Change = Awaited<ReturnType<ReturnType<typeof logFollower>>>[number];

function messageOf(run: string, change: Change): StreamMessage {
  if (change.kind === "reset") return { name: "reset", data: { run } };
  const { position, events } = change;
  return { name: "batch", data: { run, events }, position };
}

function startingStatus(run: string): LiveStatus {
  return {
    run,
    status: "starting",
    reason: "",
    problem: "",
    budgets: noBudgets,
    privacy: null,
    evaluated: [],
    result: null,
  };
}
