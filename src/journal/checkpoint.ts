import { noUsage, type Usage } from "../ports/compute.ts";
import type { RunEvent } from "../ports/events.ts";
import { type ModelRef, type ShardedModel, wholeModel } from "../ports/model-ref.ts";
import type { Store } from "../ports/store.ts";
import type { Effects } from "../store-effects.ts";
import { eventsKey, stateKey } from "../store-layout.ts";
import { fromPacket } from "../wire/packet.ts";
import type { MeteredCosts } from "./task-costs.ts";

export const journalEffects: Effects = {
  roles: ["orchestrator"],
  reads: ["state", "events"],
  writes: ["state", "events"],
};

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
export interface Checkpoint<State> extends StateShape {
  /** Event batches 1 to this one belong to it; later ones are leftovers of a crash. */
  readonly sequence: number;
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

/** The run's checkpoint, or null before its first. Throws `RunError` where it is damaged. */
export async function readCheckpoint<State>(
  store: Store,
  run: string,
): Promise<Checkpoint<State> | null> {
  const bytes = await store.read(stateKey(run));
  return bytes === null ? null : fromPacket<Checkpoint<State>>(bytes, stateKey(run));
}

/** All events and traces up to the checkpoint, in order. */
export async function readBatches(
  store: Store,
  run: string,
  upTo: number,
  after = 0,
): Promise<EventBatch> {
  const events: RunEvent[] = [];
  const traces: ModelTrace[] = [];
  for (let sequence = after + 1; sequence <= upTo; sequence++) {
    const bytes = await store.read(eventsKey(run, sequence));
    if (bytes === null) continue;
    const batch = fromPacket<StoredBatch>(bytes, eventsKey(run, sequence));
    for (const event of batch.events) events.push(event);
    for (const trace of batch.traces) traces.push(traceOf(trace));
  }
  return { events, traces };
}

function totalsOf({ billedMs, bytesDown, bytesUp, costUsd }: Usage): Omit<Usage, "coldStart"> {
  return { billedMs, bytesDown, bytesUp, costUsd };
}

/** A batch as it is stored: of a trace the weights, or the parts they are in. */
interface StoredBatch extends Omit<EventBatch, "traces"> {
  readonly traces: readonly StoredTrace[];
}

interface StoredTrace extends Omit<ModelTrace, "model">, Partial<Omit<ShardedModel, "kind">> {
  readonly weights?: Float32Array<ArrayBuffer>;
}

/** As it is stored. */
export function storedBatch({ events, traces }: EventBatch): StoredBatch {
  return { events, traces: traces.map(storedTrace) };
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
