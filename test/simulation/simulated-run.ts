import { randomFrom } from "../../src/core/random.ts";
import { replay } from "../../src/engine/replay.ts";
import { readCheckpoint, readLog } from "../../src/journal/checkpoint.ts";
import type { RunRecord } from "../../src/journal/run-record.ts";
import { workerRequestOf } from "../../src/platform/backend.ts";
import { taskPrices } from "../../src/platform/task-prices.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Compute } from "../../src/ports/compute.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { Store } from "../../src/ports/store.ts";
import { problems } from "../../src/problems/registry.ts";
import { type Dataset, ingest } from "../../src/run/ingest.ts";
import { weightsDigest, wholeWeights } from "../../src/run/model-weights.ts";
import { recordRun } from "../../src/run/orchestrate.ts";
import { openTraining } from "../../src/run/resolve-members.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { runSegment, type SegmentEnd, type SegmentPorts } from "../../src/run/segment.ts";
import { batchedWorker } from "../../src/simulation/batched-worker.ts";
import { simulatedCompute } from "../../src/simulation/simulated-compute.ts";
import { type VirtualClock, virtualClock } from "../../src/simulation/virtual-clock.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import type { WorkerReply, WorkerTask } from "../../src/tasks/protocol.ts";
import { type FaultDecision, faultDecisionOf } from "../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../src/weather/weather.ts";
import { type MaterialCache, materialCache } from "../../src/worker/material-cache.ts";
import { createSyncWorker, createWorker } from "../../src/worker/worker.ts";
import { opener } from "../data/fixtures.ts";

export interface Scene {
  readonly record: RunRecord;
  readonly staged: Dataset;
  readonly store: Store;
}

/** A small table with a linear target, as text; `classes` makes the target two classes. */
export function table(rows: number, columns: number, seed: number, classes = false): string {
  const random = randomFrom(`table/${seed}`);
  const names = Array.from({ length: columns }, (_, j) => `x${j}`);
  const lines = Array.from({ length: rows }, () => {
    const x = names.map(() => random.normal());
    const y = x.reduce((sum, value, j) => sum + (j + 1) * value, random.normal());
    return [...x, classes ? Number(y > 0) : y].join(",");
  });
  return `${names.join(",")},y\n${lines.join("\n")}\n`;
}

/** Stages a spec's data into a fresh store and records the run, ready for its first segment. */
export async function scene(spec: object, text: string): Promise<Scene> {
  const store = memoryStore();
  const resolved = resolveSpec({ data: { source: "table.csv", target: "y" }, ...spec });
  const staged = await ingest(resolved, { open: opener({ "table.csv": text }), store });
  const about = { run: "trial", startedAt: new Date(0), backend: "simulated" };
  return { record: await recordRun(store, about, resolved, staged), staged, store };
}

/** The same run with nothing done yet. */
export async function afresh({ record, staged, store }: Scene): Promise<Scene> {
  const copy = memoryStore();
  for (const key of await store.list(""))
    if (!key.startsWith("runs/")) await copy.write(key, (await store.read(key))!);
  return { record, staged, store: copy };
}

export interface Disturbance {
  /** Stands between the run and its store. */
  readonly store?: Store;
  readonly signal?: AbortSignal;
  readonly listen?: (event: RunEvent) => void;
  readonly onModel?: SegmentPorts["onModel"];
  readonly around?: (
    compute: Compute<WorkerTask, WorkerReply>,
    clock: VirtualClock,
  ) => Compute<WorkerTask, WorkerReply>;
  readonly fateOf?: (task: WorkerTask) => FaultDecision;
  /** With more replies than this most are told in sums. */
  readonly repliesToldMax?: number;
  /** Its time is taken for real: what is spent is noted before it is. */
  readonly isPaid?: boolean;
  /** Rests at every event, starts every task by itself, and computes every reply by itself. */
  readonly isPlain?: boolean;
}

/** One segment of the run on a virtual clock, in its spec's weather. */
export async function segment(scene: Scene, how: Disturbance = {}): Promise<SegmentEnd> {
  const { record, staged } = scene;
  const store = how.store ?? scene.store;
  const { weather, seed } = record.spec;
  const sky = weatherFrom(weather ?? { model: "calm" });
  const virtual = virtualClock();
  const plain = how.isPlain ? { ...virtual, advance: () => false } : virtual;
  const clock = how.isPaid ? patientClock(virtual) : plain;
  const known = materialCache(record.spec.workers);
  const simulated = simulatedCompute<WorkerTask, WorkerReply>({
    clock: plain,
    perform: how.isPlain ? performer(record, store) : prompt(record, store, known),
    ...(how.isPlain ? {} : { performAll: together(record, known) }),
    workMs: () => 5,
    fateOf: (task) =>
      how.fateOf?.(task) ??
      faultDecisionOf(sky, { task: task.id, slot: task.slot, round: task.round }, seed),
    bytesDown: () => 100,
    bytesUp: () => 100,
    ...(how.isPlain ? {} : { replyBytes: () => 100 }),
  });
  const { start, close } = simulated;
  const chosen = how.isPlain ? { start, close } : simulated;
  const compute = how.around?.(chosen, plain) ?? chosen;
  const { listen, onModel, signal, repliesToldMax } = how;
  const end = await runSegment(record, staged, {
    store,
    clock,
    compute,
    prices: taskPrices(record.spec, "simulated", record.entriesPerSlot),
    ...(listen === undefined ? {} : { listen }),
    ...(onModel === undefined ? {} : { onModel }),
    ...(signal === undefined ? {} : { signal }),
    ...(repliesToldMax === undefined ? {} : { repliesToldMax }),
  });
  await compute.close();
  return end;
}

/** Virtual time that lets whatever is written at once be written before it moves on. */
function patientClock({ nowMs, schedule, rest }: VirtualClock): Clock {
  return {
    nowMs,
    schedule,
    async rest(woken) {
      let isWoken = false;
      void woken.then(() => (isWoken = true));
      await new Promise(setImmediate);
      if (!isWoken) await rest(woken);
    },
  };
}

/** Segments until one is not interrupted. `next` gives each segment its own trouble. */
export async function throughout(
  scene: Scene,
  next: (count: number) => Disturbance,
): Promise<{ end: SegmentEnd; segments: number }> {
  for (let segments = 1; ; segments++) {
    const how = next(segments);
    const end = await segment(scene, how);
    // A killed segment may believe that it finished; what it knew died with it.
    if (end.stop.kind !== "interrupted" && how.signal?.aborted !== true) return { end, segments };
  }
}

/** Interrupts a segment when its `count`-th reply arrives. */
export function interruptAt(count: number): Disturbance {
  const control = new AbortController();
  let heard = 0;
  return {
    signal: control.signal,
    listen: (event) => {
      if (event.type === "arrival" && ++heard === count) control.abort();
    },
  };
}

/** Kills a segment before its `count`-th write: nothing reaches the store from there on. */
export function killAt(store: Store, count: number): Disturbance {
  const control = new AbortController();
  let writes = 0;
  const dying: Store = {
    read: (key) => store.read(key),
    list: (prefix) => store.list(prefix),
    writeOnce: (key, bytes) => store.writeOnce(key, bytes),
    async write(key, bytes) {
      // Slower than the run, so that several states pass while one is written.
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (++writes >= count) control.abort();
      else await store.write(key, bytes);
    },
    async remove(key) {
      if (writes < count) await store.remove(key);
    },
  };
  return { store: dying, signal: control.signal };
}

/** What the store knows: the recorded events, and the digest of the weights they replay to. */
export async function recorded({ record, staged, store }: Scene): Promise<{
  events: readonly RunEvent[];
  digest: string;
  savedDigest: string;
}> {
  const checkpoint = (await readCheckpoint<{ weights: Float32Array<ArrayBuffer> }>(
    store,
    record.run,
  ))!;
  const { events } = await readLog(store, record.run, checkpoint);
  const { prepared, encoded } = staged;
  const training = openTraining(record.spec, { prepared, encoded }, record);
  const state = await replay(training, events, performer(record, store));
  const weights = wholeWeights(training.progress(state).model);
  return {
    events,
    digest: weightsDigest(weights),
    savedDigest: weightsDigest(checkpoint.state.weights),
  };
}

/** Answers at once where it can, as the simulation's does. */
function prompt(record: RunRecord, store: Store, known: MaterialCache) {
  const work = createSyncWorker(store, () => 0, record.spec.workers, undefined, known);
  return (task: WorkerTask) => work(workerRequestOf(record, task));
}

function together(record: RunRecord, known: MaterialCache) {
  const crowd = batchedWorker(known, problems.create(record.spec.problem));
  return (tasks: readonly WorkerTask[]) => crowd(workerRequestOf(record, tasks[0]!), tasks);
}

function performer(record: RunRecord, store: Store): (task: WorkerTask) => Promise<WorkerReply> {
  const work = createWorker(store, () => 0, record.spec.workers);
  return (task) => work(workerRequestOf(record, task));
}
