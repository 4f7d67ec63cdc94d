import { hash } from "node:crypto";
import { RunError } from "../core/errors.ts";
import type { RunEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { eventsKey, stateKey } from "../store-layout.ts";
import { toSealedPacket } from "../wire/sealed-packet.ts";
import { type Checkpoint, type EventBatch, type ModelTrace, storedBatch } from "./checkpoint.ts";

const triesMax = 8;
const retryFirstMs = 50;
/** Large checkpoints are made less often: they may take this part of a run's time. */
const packingShareMax = 0.1;
const packingMsMin = 20;
const packingPauseMsMax = 2_000;
/** A batch's events are one text, whose length is bounded where it is read. */
export const batchEventsMax = 20_000;

/** As `appendLog`, each time behind what was written before. Returns how long to rest. */
export function appender(store: Store, run: string, events: string | undefined) {
  let before = events;
  return async <State>(
    batches: readonly EventBatch[],
    checkpoint: Omit<Checkpoint<State>, "events">,
  ): Promise<number> => {
    const named = before === undefined ? checkpoint : { ...checkpoint, events: before };
    const { events: last, restMs } = await appendLog(store, run, batches, named);
    before = last;
    return restMs;
  };
}

/**
 * Writes the events first, and then the state that names them; `events` of the checkpoint is the
 * digest of the batch before them. Returns that of the last one, and how long to rest.
 */
export async function appendLog<State>(
  store: Store,
  run: string,
  batches: readonly EventBatch[],
  checkpoint: Checkpoint<State>,
): Promise<{ readonly events: string | undefined; readonly restMs: number }> {
  const startMs = performance.now();
  let { events } = checkpoint;
  for (const [i, batch] of batches.entries()) {
    const bytes = toSealedPacket(storedBatch(batch, events));
    events = hash("sha256", bytes, "hex");
    const key = eventsKey(run, checkpoint.sequence - batches.length + 1 + i);
    await persistently(() => store.write(key, bytes));
  }
  const bytes = toSealedPacket({ ...checkpoint, events });
  const packedMs = performance.now() - startMs;
  await persistently(() => store.write(stateKey(run), bytes));
  return { events, restMs: restAfter(packedMs) };
}

function restAfter(packedMs: number): number {
  if (packedMs < packingMsMin) return 0;
  return Math.min(packingPauseMsMax, packedMs / packingShareMax);
}

/** Events in batches whose texts are not too long; traces go with the last. */
export function batchesOf(
  events: readonly RunEvent[],
  traces: readonly ModelTrace[],
): EventBatch[] {
  const batches: EventBatch[] = [];
  for (let from = 0; from === 0 || from < events.length; from += batchEventsMax)
    batches.push({ events: events.slice(from, from + batchEventsMax), traces: [] });
  return batches.with(-1, { events: batches.at(-1)!.events, traces });
}

/** Stores fail now and then; what fails for longer is reported. */
async function persistently(write: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await write();
    } catch (thrown) {
      const isFinal = thrown instanceof RunError && /^(home|bucket)-gone$/.test(thrown.code);
      if (attempt === triesMax || isFinal) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, retryFirstMs * 2 ** (attempt - 1)));
    }
  }
}
