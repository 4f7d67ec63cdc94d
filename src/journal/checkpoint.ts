import { noUsage, type Usage } from "../ports/compute.ts";
import type { RunEvent, UsageSum } from "../ports/events.ts";
import { type ModelRef, type ShardedModel, wholeModel } from "../ports/model-ref.ts";
import type { Store } from "../ports/store.ts";
import { checkDigest, damagedObject, readableObject } from "../store-damage.ts";
import type { Effects } from "../store-effects.ts";
import { eventsKey, resultKey, stateKey } from "../store-layout.ts";
import { fromSealedPacket } from "../wire/sealed-packet.ts";
import type { MeteredCosts } from "./task-costs.ts";

export const journalEffects: Effects = {
  roles: ["orchestrator"],
  reads: ["state", "events"],
  writes: ["state", "events"],
};

/** What a run has used so far; survives restarts. */
export interface Totals extends UsageSum {
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
export interface Checkpoint<State> extends StateShape {
  /** Event batches 1 to this one belong to it; later ones are leftovers of a crash. */
  readonly sequence: number;
  /** SHA-256 of the last of them. Absent before it was noted. */
  readonly events?: string;
  readonly elapsedMs: number;
  readonly totals: Totals;
  readonly state: State;
  /** What tasks cost so far, of a run with a budget of dollars. */
  readonly costs?: MeteredCosts;
}

/** What a checkpoint's state is a state of. */
export interface StateShape {
  readonly strategy: string;
  /** `stateVersion` of the strategy that wrote it. */
  readonly version: number;
  /** The kofn that wrote it. */
  readonly kofn: string;
}

/** The model at the end of a round, kept so that the curve can be computed afterwards. */
export interface ModelTrace {
  readonly round: number;
  readonly atMs: number;
  readonly model: ModelRef;
}

export interface EventBatch {
  readonly events: readonly RunEvent[];
  readonly traces: readonly ModelTrace[];
}

/**
 * The run's checkpoint, or null before its first. Throws `RunError` where it is damaged, or gone:
 * a second batch of events, or a result, comes after a checkpoint.
 */
export async function readCheckpoint<State>(
  store: Store,
  run: string,
): Promise<Checkpoint<State> | null> {
  const bytes = await store.read(stateKey(run));
  if (bytes !== null) return openPacket<Checkpoint<State>>(bytes, stateKey(run));
  const later = [eventsKey(run, 2), resultKey(run)];
  const found = await Promise.all(later.map((key) => store.read(key)));
  if (found.every((one) => one === null)) return null;
  throw damagedObject(stateKey(run), "it is not in the store, and what comes after it is");
}

/** All events and traces up to the checkpoint, in order. Throws `RunError` as `readBatches`. */
export async function readLog(
  store: Store,
  run: string,
  checkpoint: Pick<Checkpoint<object>, "sequence" | "events"> | null,
): Promise<EventBatch> {
  return readBatches(store, run, { upTo: checkpoint?.sequence ?? 0, last: checkpoint?.events });
}

/**
 * Those of some batches that follow one another. Throws `RunError` where one is missing or damaged,
 * or another than the one that the next batch, or the checkpoint by `last`, goes on from.
 */
export async function readBatches(
  store: Store,
  run: string,
  { upTo, after = 0, last }: { upTo: number; after?: number; last?: string | undefined },
): Promise<EventBatch & { readonly before?: string | undefined }> {
  const events: RunEvent[] = [];
  const traces: ModelTrace[] = [];
  let previous: { readonly key: string; readonly bytes: Uint8Array } | null = null;
  let before: string | undefined;
  for (let sequence = after + 1; sequence <= upTo; sequence++) {
    const key = eventsKey(run, sequence);
    const bytes = await store.read(key);
    if (bytes === null)
      throw damagedObject(key, `it is not in the store, and the run goes on behind it to ${upTo}`);
    const batch = openPacket<StoredBatch>(bytes, key);
    if (previous === null) before = batch.before;
    else if (batch.before !== undefined) checkDigest(previous.bytes, previous.key, batch.before);
    previous = { key, bytes };
    for (const event of batch.events) events.push(event);
    for (const trace of batch.traces) traces.push(traceOf(trace));
  }
  if (previous !== null && last !== undefined) checkDigest(previous.bytes, previous.key, last);
  return { events, traces, before };
}

/** The events of one batch as it is stored. Throws `RunError` where it is damaged. */
export function eventsIn(bytes: Uint8Array, key: string): readonly RunEvent[] {
  return batchIn(bytes, key).events;
}

/** The same, with the digest of the batch before where it is noted. */
export function batchIn(
  bytes: Uint8Array,
  key: string,
): { readonly events: readonly RunEvent[]; readonly before?: string | undefined } {
  const { events, before } = openPacket<StoredBatch>(bytes, key);
  return { events, before };
}

function openPacket<T>(bytes: Uint8Array, key: string): T {
  return readableObject(key, () => fromSealedPacket<T>(bytes, key));
}

function totalsOf({ billedMs, bytesDown, bytesUp, costUsd }: Usage): UsageSum {
  return { billedMs, bytesDown, bytesUp, costUsd };
}

/** A batch as it is stored: of a trace the weights, or the parts they are in. */
interface StoredBatch extends Omit<EventBatch, "traces"> {
  readonly traces: readonly StoredTrace[];
  /** SHA-256 of the batch before. Absent in the first, and before it was noted. */
  readonly before?: string;
}

interface StoredTrace extends Omit<ModelTrace, "model">, Partial<Omit<ShardedModel, "kind">> {
  readonly weights?: Float32Array<ArrayBuffer>;
}

/** As it is stored; `before` is the digest of the batch that it follows. */
export function storedBatch({ events, traces }: EventBatch, before?: string): StoredBatch {
  const batch = { events, traces: traces.map(storedTrace) };
  return before === undefined ? batch : { ...batch, before };
}

function storedTrace({ round, atMs, model }: ModelTrace): StoredTrace {
  if (model.kind === "whole") return { round, atMs, weights: model.weights };
  const { kind: _, ...places } = model;
  return { round, atMs, ...places };
}

function traceOf({ round, atMs, weights, parts = [], ...places }: StoredTrace): ModelTrace {
  if (weights !== undefined) return { round, atMs, model: wholeModel(weights) };
  return { round, atMs, model: { kind: "sharded", parts, ...places } };
}
