import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RunError } from "../core/errors.ts";
import { type HomeOptions, withOpenHome } from "../platform/training/open-run.ts";
import type { LogPosition } from "./follow-run.ts";
import { runChanges } from "./run-changes.ts";

/** A silent connection is written to once in so many polls: who is gone is noticed. */
const pollsBetweenWords = 20;

export interface EventStreamOptions {
  readonly at: HomeOptions;
  readonly runs: readonly string[];
  readonly pollMs: number;
  /** Up to where an earlier connection got: its `Last-Event-ID`. */
  readonly after: string | null;
  /** Why the last resume of a run failed; empty where it did not. */
  readonly problemOf: (run: string) => string;
}

/**
 * Sends what happens in some runs as server-sent events until `signal` ends it: each poll reads
 * the store as `kofn watch` does. Never rejects.
 */
export async function streamEvents(
  response: ServerResponse,
  { at, runs, pollMs, after, problemOf }: EventStreamOptions,
  signal: AbortSignal,
): Promise<void> {
  const positions = positionsIn(after);
  const sending = sender(response, signal);
  const followed = runs.map((run) => runChanges(run, positions.get(run) ?? null, problemOf));
  for (const run of runs) if (!positions.has(run)) await sending("reset", { run });
  let trouble = "";
  for (let polls = 1; !signal.aborted; polls++) {
    try {
      const poll = async (opened: Parameters<(typeof followed)[0]>[0]) => {
        for (const changesOf of followed)
          for (const message of await changesOf(opened)) {
            if (message.name === "reset") positions.delete(message.data.run);
            if (message.name === "batch") positions.set(message.data.run, message.position);
            await sending(message.name, message.data, idOf(positions));
          }
        return true;
      };
      if ((await withOpenHome(at, poll)) === null) await poll(null);
      if (trouble !== "") await sending("trouble", { message: "" });
      trouble = "";
    } catch (thrown) {
      const message = inWords(thrown);
      if (message !== trouble) await sending("trouble", { message });
      trouble = message;
    }
    if (polls % pollsBetweenWords === 0) response.write(":\n\n");
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
  response.end();
}

/** Writes an event, and waits for whoever reads more slowly than is written. */
function sender(response: ServerResponse, signal: AbortSignal) {
  return async (name: string, data: object, id?: string): Promise<void> => {
    if (signal.aborted) return;
    const named = id === undefined ? "" : `id: ${id}\n`;
    const isTaken = response.write(`${named}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    if (!isTaken) await once(response, "drain", { signal }).catch(() => undefined);
  };
}

/** What a browser sends back when it connects again, as in `run=…/00000002.safetensors@digest`. */
function idOf(positions: ReadonlyMap<string, LogPosition>): string {
  return [...positions].map(([run, { key, digest }]) => `${run}=${key}@${digest}`).join(",");
}

function positionsIn(id: string | null): Map<string, LogPosition> {
  const pattern = /^([a-z0-9-]+)=(runs\/\1\/events\/[\w.]+)@([0-9a-f]{64})$/;
  const parts = (id ?? "").split(",").flatMap((part) => {
    const [, run, key, digest] = pattern.exec(part) ?? [];
    return run === undefined ? [] : [[run, { key: key!, digest: digest! }] as const];
  });
  return new Map(parts);
}

function inWords(thrown: unknown): string {
  if (!(thrown instanceof RunError)) return messageOf(thrown);
  return thrown.hint === undefined ? thrown.message : `${thrown.message} (${thrown.hint})`;
}
