import { RunError } from "../core/errors.ts";
import type { Store } from "../ports/store.ts";
import { memoryKey } from "../store-layout.ts";
import { fromSealedPacket, toSealedPacket } from "../wire/sealed-packet.ts";
import type { WorkerContext } from "./task-kind.ts";

/** What a slot's worker keeps from one round to the next. */
export interface WorkerState {
  /** What compression left out so far, or, with EF21, what the orchestrator knows. */
  readonly left: Float64Array<ArrayBuffer> | null;
  /** The momentum of its steps. */
  readonly velocity: Float64Array<ArrayBuffer> | null;
}

const nothing: WorkerState = { left: null, velocity: null };

/** Of a slot: the newest memories, and the keys of all that this environment has written. */
interface Kept {
  readonly warm: Map<string, WorkerState>;
  readonly written: { readonly key: string; readonly bytes: number }[];
}

const warmCount = 3;
/**
 * Older objects go, but not before a run may have gone on from a state that names them.
 * Bytes of one slot, and of all slots together that one process works for.
 */
const writtenBytesMax = { slot: 64 * 1024 * 1024, all: 256 * 1024 * 1024 };
/** What a packet of arrays has beside them, at least. */
const headBytes = 256;
const writtenCountMin = 16;
const writtenCountMax = 4_096;

/** The memory of this slot's reply to some round; `isLost` where it should be there and is not. */
export async function loadWorkerState(
  place: WorkerContext,
  round: number | null,
): Promise<{ readonly memory: WorkerState; readonly isLost: boolean }> {
  if (round === null) return { memory: nothing, isLost: false };
  const key = memoryKey(place.run, place.slot, round);
  const found = (await keptAt(place)).warm.get(key);
  if (found !== undefined) return { memory: found, isLost: false };
  const bytes = await place.store.read(key);
  const memory = bytes === null ? null : readable(bytes, key);
  return memory === null ? { memory: nothing, isLost: true } : { memory, isLost: false };
}

/** Null for a damaged object: as good as lost, and told as such. */
function readable(bytes: Uint8Array, key: string): WorkerState | null {
  try {
    return fromSealedPacket<WorkerState>(bytes, key);
  } catch (thrown) {
    if (thrown instanceof RunError) return null;
    throw thrown;
  }
}

/** Keeps what was remembered at the end of a round, in the store and at hand. */
export async function writeWorkerState(
  place: WorkerContext,
  round: number,
  memory: WorkerState,
): Promise<void> {
  if (memory.left === null && memory.velocity === null) return;
  const { warm, written } = await keptAt(place);
  const key = memoryKey(place.run, place.slot, round);
  const bytes = await stored(place.store, key, memory);
  warm.set(key, memory);
  for (const old of warm.keys()) if (warm.size > warmCount) warm.delete(old);
  written.push({ key, bytes });
  const { slot, all } = writtenBytesMax;
  const most = Math.floor(Math.min(slot, all / place.slots) / bytes);
  const count = Math.min(writtenCountMax, Math.max(writtenCountMin, most));
  // What cannot be removed now is removed with the others at the run's end.
  while (written.length > count)
    await place.store.remove(written.shift()!.key).catch(() => undefined);
}

/** Of how many bytes it is; about, where nobody has read it yet. */
async function stored(store: Store, key: string, memory: WorkerState): Promise<number> {
  if (store.writeLater !== undefined) {
    await store.writeLater(key, () => toSealedPacket(memory));
    return headBytes + (memory.left?.byteLength ?? 0) + (memory.velocity?.byteLength ?? 0);
  }
  const bytes = toSealedPacket(memory);
  await store.write(key, bytes);
  return bytes.length;
}

function keptAt(place: WorkerContext): Promise<Kept> {
  return place.cached(`memory/${place.run}`, async () => ({ warm: new Map(), written: [] }));
}
