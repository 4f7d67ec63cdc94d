import type { RunEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import { eventsKey, stateKey } from "../store-layout.ts";
import { toPacket } from "../wire/packet.ts";
import { type Checkpoint, type EventBatch, type ModelTrace, storedBatch } from "./checkpoint.ts";

const triesMax = 8;
const retryFirstMs = 50;
/** Large checkpoints are made less often: they may take this part of a run's time. */
const packingShareMax = 0.1;
const packingMsMin = 20;
const packingPauseMsMax = 2_000;
/** A batch's events are one text, whose length is bounded where it is read. */
const batchEventsMax = 20_000;

/** Writes the events first, and then the state that names them. How long to rest after that. */
export async function appendLog<State>(
  store: Store,
  run: string,
  batches: readonly EventBatch[],
  checkpoint: Checkpoint<State>,
): Promise<number> {
  const startMs = performance.now();
  for (const [i, batch] of batches.entries()) {
    const bytes = toPacket(storedBatch(batch));
    const key = eventsKey(run, checkpoint.sequence - batches.length + 1 + i);
    await persistently(() => store.write(key, bytes));
  }
  const bytes = toPacket(checkpoint);
  const packedMs = performance.now() - startMs;
  await persistently(() => store.write(stateKey(run), bytes));
  return restAfter(packedMs);
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
      if (attempt === triesMax) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, retryFirstMs * 2 ** (attempt - 1)));
    }
  }
}
