import { messageOf } from "../core/errors.ts";
import { noUsage, type Usage } from "../ports/compute.ts";
import type { RunEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { fromPacket, toPacket } from "../wire/packet.ts";
import { eventsKey, stateKey } from "./keys.ts";
import type { ReplySums } from "./reply-sums.ts";

const triesMax = 8;
const retryFirstMs = 50;
/** Between one write and the next: short rounds would spend more on saving than on work. */
const pauseMsDefault = 200;
/** Large checkpoints are made less often: they may take this part of a run's time. */
const packingShareMax = 0.1;
const packingMsMin = 20;
const packingPauseMsMax = 2_000;
/** A batch's events are one text, whose length is bounded where it is read. */
const batchEventsMax = 20_000;

/** What a run has used so far; survives restarts. */
export interface Totals extends Omit<Usage, "coldStart"> {
  readonly invocations: number;
  readonly coldStarts: number;
  /** Replies that did not count: late or lost. */
  readonly erasures: number;
}

export const noTotals: Totals = {
  ...totalsOf(noUsage),
  invocations: 0,
  coldStarts: 0,
  erasures: 0,
};

/** Where a run can go on from: one object, replaced whole. */
export interface Checkpoint<State> {
  /** Event batches 1 to this one belong to it; later ones are leftovers of a crash. */
  readonly sequence: number;
  readonly elapsedMs: number;
  readonly totals: Totals;
  readonly state: State;
}

/** The weights at the end of a round, kept so that the curve can be computed afterwards. */
export interface Trace {
  readonly round: number;
  readonly atMs: number;
  readonly weights: Float32Array<ArrayBuffer>;
}

export interface EventBatch {
  readonly events: readonly RunEvent[];
  readonly traces: readonly Trace[];
}

export interface Recorder<State> {
  tell(event: RunEvent): void;
  /** Keeps this state and everything told before it. Writes in the background, newest only. */
  save(state: State, elapsedMs: number, trace?: Trace): void;
  /** Writes the last saved state again with the totals and events of now. */
  flush(elapsedMs: number): Promise<void>;
  totals(): Totals;
  /** Why the checkpoint could not be written, once that is final. */
  failure(): string | null;
}

/**
 * Writes events and checkpoints so that a crash at any instant leaves a state and exactly the
 * events up to it: first a batch of events under a fresh key, then the one state object that names
 * it. Saving never holds up the run; while one write is under way the newest state waits.
 */
export function recorder<State extends object>(
  store: Store,
  run: string,
  from: Checkpoint<State> | null,
  listen: (event: RunEvent) => void = () => {},
  pauseMs: number = pauseMsDefault,
  sums: ReplySums | null = null,
): Recorder<State> {
  let totals = from?.totals ?? noTotals;
  let sequence = from?.sequence ?? 0;
  const events: RunEvent[] = [];
  const traces: Trace[] = [];
  let newest: Pending<State> | null = null;
  let last: State | null = from?.state ?? null;
  let writing: Promise<void> | null = null;
  let failure: string | null = null;

  let hurry = () => {};
  const hurried = new Promise<void>((resolve) => (hurry = resolve));

  const write = async () => {
    while (newest !== null && failure === null) {
      const { events: eventCount, traces: traceCount, ...kept } = newest;
      newest = null;
      const batches = batchesOf(events.splice(0, eventCount), traces.splice(0, traceCount));
      let packedMs = 0;
      try {
        const startMs = performance.now();
        for (const batch of batches) {
          const bytes = toPacket(batch);
          sequence += 1;
          await persistently(() => store.write(eventsKey(run, sequence), bytes));
        }
        const stateBytes = toPacket({ sequence, ...kept } satisfies Checkpoint<State>);
        packedMs = performance.now() - startMs;
        await persistently(() => store.write(stateKey(run), stateBytes));
      } catch (thrown) {
        failure = `the checkpoint could not be written: ${messageOf(thrown)}`;
      }
      const isLarge = packedMs >= packingMsMin;
      const restMs = isLarge ? Math.min(packingPauseMsMax, packedMs / packingShareMax) : 0;
      await Promise.race([pause(Math.max(pauseMs, restMs)), hurried]);
    }
    writing = null;
  };

  const note = (event: RunEvent) => {
    events.push(event);
    listen(event);
  };
  const noteSums = (atMs: number) => {
    const told = sums?.flush(atMs) ?? null;
    if (told !== null) note(told);
  };
  return {
    tell(event) {
      if (event.type === "arrival") {
        totals = added(totals, event.usage, event.fate !== "counted");
        if (sums?.add(event) !== true) note(event);
        return;
      }
      if (event.type === "round" || event.type === "stopped") noteSums(event.atMs);
      note(event.type === "round" && sums !== null ? sums.round(event) : event);
    },
    save(state, elapsedMs, trace) {
      noteSums(elapsedMs);
      if (trace !== undefined) traces.push(trace);
      last = state;
      newest = { state, elapsedMs, totals, events: events.length, traces: traces.length };
      writing ??= write();
    },
    async flush(elapsedMs) {
      hurry();
      await writing;
      if (last !== null) this.save(last, elapsedMs);
      await writing;
    },
    totals: () => totals,
    failure: () => failure,
  };
}

/** A state to keep, and how many of the events and traces not yet written belong to it. */
interface Pending<State> extends Omit<Checkpoint<State>, "sequence"> {
  readonly events: number;
  readonly traces: number;
}

/** The run's checkpoint, or null before its first. Throws `RunError` where it is damaged. */
export async function readCheckpoint<State>(
  store: Store,
  run: string,
): Promise<Checkpoint<State> | null> {
  const bytes = await store.read(stateKey(run));
  return bytes === null ? null : fromPacket<Checkpoint<State>>(bytes, stateKey(run));
}

/** Everything told up to the checkpoint, in order. */
export async function readBatches(
  store: Store,
  run: string,
  upTo: number,
  after = 0,
): Promise<EventBatch> {
  const events: RunEvent[] = [];
  const traces: Trace[] = [];
  for (let sequence = after + 1; sequence <= upTo; sequence++) {
    const bytes = await store.read(eventsKey(run, sequence));
    if (bytes === null) continue;
    const batch = fromPacket<EventBatch>(bytes, eventsKey(run, sequence));
    for (const event of batch.events) events.push(event);
    for (const trace of batch.traces) traces.push(trace);
  }
  return { events, traces };
}

function batchesOf(events: readonly RunEvent[], traces: readonly Trace[]): EventBatch[] {
  const batches: EventBatch[] = [];
  for (let from = 0; from === 0 || from < events.length; from += batchEventsMax)
    batches.push({ events: events.slice(from, from + batchEventsMax), traces: [] });
  return batches.with(-1, { events: batches.at(-1)!.events, traces });
}

/** Does not keep a process alive that has nothing else to do. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Stores fail now and then; what fails for longer is reported. */
async function persistently(write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (thrown) {
      if (attempt === triesMax) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, retryFirstMs * 2 ** (attempt - 1)));
    }
  }
}

function totalsOf({ billedMs, bytesDown, bytesUp, costUsd }: Usage): Omit<Usage, "coldStart"> {
  return { billedMs, bytesDown, bytesUp, costUsd };
}

function added(totals: Totals, usage: Usage, isErasure: boolean): Totals {
  return {
    billedMs: totals.billedMs + usage.billedMs,
    bytesDown: totals.bytesDown + usage.bytesDown,
    bytesUp: totals.bytesUp + usage.bytesUp,
    costUsd: totals.costUsd + usage.costUsd,
    invocations: totals.invocations + 1,
    coldStarts: totals.coldStarts + (usage.coldStart ? 1 : 0),
    erasures: totals.erasures + (isErasure ? 1 : 0),
  };
}
