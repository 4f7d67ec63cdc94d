import { messageOf } from "../core/errors.ts";
import type { Usage } from "../ports/compute.ts";
import type { RunEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { type ArrivalHistogram, summarizingArrivals } from "./arrival-histogram.ts";
import {
  type Checkpoint,
  type ModelTrace,
  noTotals,
  type StateShape,
  type Totals,
} from "./checkpoint.ts";
import { appender, batchEventsMax, batchesOf } from "./event-log.ts";
import type { MeteredCosts } from "./task-costs.ts";

/** Between one write and the next: short rounds would spend more on saving than on work. */
const pauseMsDefault = 200;

/** Whose checkpoints are written. */
export interface CheckpointOf {
  readonly run: string;
  readonly shape: StateShape;
}

export interface Checkpointer<State> {
  tell(event: RunEvent): void;
  /** Saves this state and every event before it. Writes in the background, newest state only. */
  save(state: State, elapsedMs: number, trace?: ModelTrace): void;
  /** Writes the last saved state again with the totals and events of now. */
  flush(elapsedMs: number): Promise<void>;
  /** Of now: they go on being counted. */
  totals(): Totals;
  /** Why the checkpoint could not be written, once that is final. */
  failure(): string | null;
}

export interface Recording {
  readonly listen?: (event: RunEvent) => void;
  /** Between one write and the next. */
  readonly pauseMs?: number;
  readonly sums?: ArrivalHistogram | null;
  /** The costs that a checkpoint holds. */
  readonly costs?: () => MeteredCosts | undefined;
  /** Called with each state that is in the store, the newest alone of those that came meanwhile. */
  readonly onWritten?: (state: object) => void;
}

/**
 * Writes events and checkpoints so that a crash at any instant leaves a state and exactly the
 * events up to it: first a batch of events under a fresh key, then the one state object that names
 * it. Saving never holds up the run; while one write is under way the newest state waits.
 */
export function checkpointer<State extends object>(
  store: Store,
  { run, shape }: CheckpointOf,
  from: Checkpoint<State> | null,
  how: Recording = {},
): Checkpointer<State> {
  const { listen = () => {}, pauseMs = pauseMsDefault, sums = null } = how;
  const totals = { ...(from?.totals ?? noTotals) };
  let sequence = from?.sequence ?? 0;
  const append = appender(store, run, from?.events);
  const events: RunEvent[] = [];
  const traces: ModelTrace[] = [];
  let newest: Pending<State> | null = null;
  let last: State | null = from?.state ?? null;
  let writing: Promise<void> | null = null;
  let failure: string | null = null;
  const rests = restsBetween();
  const write = async () => {
    while (newest !== null && failure === null) {
      const { eventCount, traceCount, ...kept } = newest;
      newest = null;
      const batches = batchesOf(events.splice(0, eventCount), traces.splice(0, traceCount));
      sequence += batches.length;
      const restMs = await append(batches, { sequence, ...kept }).catch((thrown: unknown) => {
        failure = unwritten(thrown);
        return 0;
      });
      if (failure === null) how.onWritten?.(kept.state);
      if (events.length < batchEventsMax) await rests.rest(Math.max(pauseMs, restMs));
    }
    writing = null;
  };
  const notes = summarizingArrivals(sums, (event) => {
    events.push(event);
    listen(event);
  });
  return {
    tell(event) {
      if (event.type === "arrival") add(totals, event.usage, event.fate !== "counted");
      notes.tell(event);
    },
    save(state, elapsedMs, trace) {
      notes.flush(elapsedMs);
      if (trace !== undefined) traces.push(trace);
      last = state;
      const kept = { ...shape, state, elapsedMs, totals: { ...totals }, ...costsOf(how) };
      newest = { ...kept, eventCount: events.length, traceCount: traces.length };
      if (events.length >= batchEventsMax) rests.end();
      writing ??= write();
    },
    async flush(elapsedMs) {
      rests.endAll();
      await writing;
      if (last !== null) this.save(last, elapsedMs);
      await writing;
    },
    totals: () => totals,
    failure: () => failure,
  };
}

function unwritten(thrown: unknown): string {
  return `the checkpoint could not be written: ${messageOf(thrown)}`;
}

function costsOf({ costs }: Recording): { readonly costs?: MeteredCosts } {
  const now = costs?.();
  return now === undefined ? {} : { costs: now };
}

/** A state to keep, and how many of the events and traces not yet written belong to it. */
interface Pending<State> extends Omit<Checkpoint<State>, "sequence" | "events"> {
  readonly eventCount: number;
  readonly traceCount: number;
}

/**
 * Rests that others may end: the one under way, as where a batch is full, so that what waits in
 * memory is bounded however quick the rounds are; or it and all that come.
 */
function restsBetween() {
  let isOver = false;
  let end = () => {};
  return {
    async rest(ms: number): Promise<void> {
      if (isOver) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      end = resolve;
      await Promise.race([pause(ms), promise]);
    },
    end: () => end(),
    endAll() {
      isOver = true;
      end();
    },
  };
}

/** Does not keep a process alive that has nothing else to do. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Changes `totals` in place: this runs at every one of millions of replies. */
function add(
  totals: { -readonly [Key in keyof Totals]: number },
  usage: Usage,
  isErasure: boolean,
): void {
  totals.billedMs += usage.billedMs;
  totals.bytesDown += usage.bytesDown;
  totals.bytesUp += usage.bytesUp;
  totals.costUsd += usage.costUsd;
  totals.invocations++;
  if (usage.coldStart) totals.coldStarts++;
  if (isErasure) totals.erasures++;
}
