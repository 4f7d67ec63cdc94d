/// <reference lib="dom" />
import type { RunEvent } from "../../ports/events.ts";
import type { LabelledEvents } from "../fold.ts";
import { addressOf } from "./address.ts";
import {
  type LiveBatch,
  type LiveReset,
  type LiveStatus,
  type LiveTrouble,
  noBudgets,
} from "./protocol.ts";

/** A run as it was received so far. */
export interface FollowedRun {
  readonly run: string;
  readonly log: RunEvent[];
  status: LiveStatus;
}

export interface Feed {
  readonly runs: readonly FollowedRun[];
  /** Why nothing comes now, in words; empty while all is well. */
  trouble: string;
}

/** Follows runs, and calls `changed` whenever something of them came in. */
export function openFeed(names: readonly string[], changed: () => void): Feed {
  const runs = names.map((run): FollowedRun => ({ run, log: [], status: noStatus(run) }));
  const feed: Feed = { runs, trouble: "" };
  const query = names.map((run): [string, string] => ["run", run]);
  const source = new EventSource(addressOf("/api/events", query));
  const on = <T>(name: string, receive: (data: T) => void) =>
    source.addEventListener(name, (event: MessageEvent<string>) => {
      receive(JSON.parse(event.data) as T);
      changed();
    });
  const named = (name: string) => runs.find(({ run }) => run === name);
  on<LiveReset>("reset", ({ run }) => {
    const followed = named(run);
    if (followed !== undefined) followed.log.length = 0;
  });
  on<LiveBatch>("batch", ({ run, events }) => {
    const log = named(run)?.log;
    for (const event of events) log?.push(event);
  });
  on<LiveStatus>("status", (status) => {
    const followed = named(status.run);
    if (followed !== undefined) followed.status = status;
  });
  on<LiveTrouble>("trouble", ({ message }) => {
    feed.trouble = message;
  });
  source.addEventListener("open", () => {
    feed.trouble = "";
    changed();
  });
  source.addEventListener("error", () => {
    feed.trouble =
      source.readyState === EventSource.CLOSED
        ? "The page's server refused to go on; load the page again."
        : "The page's server does not answer; what is shown is as of before. Trying again.";
    changed();
  });
  return feed;
}

/** The log with the evaluated end, as the report is made of. */
export function eventsOf({ run, log, status }: FollowedRun): LabelledEvents {
  const { evaluated, result } = status;
  const end = result === null ? evaluated : [...evaluated, result];
  return { label: run, events: end.length === 0 ? log : [...log, ...end] };
}

function noStatus(run: string): LiveStatus {
  const nothing = { reason: "", problem: "", privacy: null, evaluated: [], result: null };
  return { run, status: "starting", budgets: noBudgets, ...nothing };
}
