import type { Encoded, Prepared } from "../data/manifests.ts";
import { lostInWords } from "../data/offsets.ts";
import type { LoopStop } from "../engine/dispatcher.ts";
import { type LoopEnd, runLoop } from "../engine/loop.ts";
import { type ArrivalHistogram, arrivalHistogram } from "../journal/arrival-histogram.ts";
import { type Checkpoint, readCheckpoint, readLog, type Totals } from "../journal/checkpoint.ts";
import { type Checkpointer, checkpointer } from "../journal/checkpointer.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { TaskPrices } from "../journal/task-costs.ts";
import { bounds } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compute } from "../ports/compute.ts";
import type { RunEvent, RunFacts, StartedEvent, StoppedEvent } from "../ports/events.ts";
import { type ModelRef, modelBytes } from "../ports/model-ref.ts";
import type { Store } from "../ports/store.ts";
import type { Effects } from "../store-effects.ts";
import { eventsKey } from "../store-layout.ts";
import type { ModelSnapshot, TrainingStrategy } from "../strategies/definition.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import { releasingCompute } from "../worker/objects.ts";
import { openBudget, type RunBudget } from "./budget.ts";
import { type DivergenceWatch, watchDivergence } from "./divergence.ts";
import { loadFor } from "./ingest.ts";
import { outsideReasons } from "./interruption.ts";
import { removingOldParts } from "./old-parts.ts";
import type { PartsPool } from "./parts-pool.ts";
import { openTraining, runFactsOf } from "./resolve-members.ts";
import { openSpendingGrant } from "./spending-grant.ts";
import { resumable, stateShape } from "./state-version.ts";

/** Looks for the mark that cancels a run, and removes events beyond the checkpoint. */
export const segmentEffects: Effects = {
  roles: ["orchestrator"],
  reads: ["cancel", "events"],
  removes: ["events"],
};

const slotsToldMin = 8;
const traceBytesMax = 64 * 1024 * 1024;

export interface SegmentPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly compute: Compute<WorkerTask, WorkerReply>;
  readonly listen?: (event: RunEvent) => void;
  /** Interrupts: the checkpoint is kept. */
  readonly signal?: AbortSignal;
  /** The price of a task before any was metered; absent where tasks are free. */
  readonly prices?: TaskPrices<WorkerTask> | null;
  /** Who goes through the rows for the curve, where this process is not the only one that can. */
  readonly pool?: PartsPool;
  /** Called with the model that training begins with, and with each that is kept for the curve. */
  readonly onModel?: (round: number, model: ModelRef) => void;
  /** A simulated run with more replies than this records most of them as sums. */
  readonly repliesToldMax?: number;
}

export interface SegmentEnd {
  readonly stop: LoopStop | { readonly kind: "done" };
  readonly model: ModelRef;
  /** Before the first round. */
  readonly startModel: ModelRef;
  readonly rounds: number;
  readonly elapsedMs: number;
  readonly totals: Totals;
  /** Where updates are compressed. */
  readonly traffic?: { readonly bitsDown: number; readonly bitsUp: number };
}

/**
 * Trains a run, from its checkpoint if there is one, until it is done or must stop. Afterwards the
 * store holds everything that is known of it.
 */
export async function runSegment(
  record: RunRecord,
  staged: { readonly prepared: Prepared; readonly encoded: Encoded },
  ports: SegmentPorts,
): Promise<SegmentEnd> {
  const { store, clock, listen } = ports;
  const { spec, run } = record;
  await loadFor(spec, store);
  const strategy = openTraining(spec, staged, record);
  const divergence = watchDivergence();
  const before = await checkpointOf(record, store, divergence);
  const sums = sumsOf(record, ports.repliesToldMax ?? bounds.repliesToldMax);
  const rounds = before === null ? 0 : strategy.progress(before.state).round;
  const budget = await budgetOf(record, ports, { rounds, checkpoint: before });
  const oldParts = removingOldParts(store, run);
  const how = { sums, costs: budget.costs, onWritten: oldParts.written, ...(listen && { listen }) };
  const log = checkpointer<object>(store, { run, shape: stateShape(record) }, before, how);
  for (const event of openingEvents(record, staged, before)) log.tell(event);
  const start = strategy.start();
  if (before === null) log.save(start, 0);
  const budgetMs = 1000 * (spec.stop.seconds ?? Number.POSITIVE_INFINITY);
  const control = outsideReasons(store, run, ports, budgetMs - (before?.elapsedMs ?? 0));
  const startModel = strategy.progress(start).model;
  const isTraced = tracing(spec.stop.rounds, startModel);
  ports.onModel?.(0, startModel);
  const end = await runLoop(
    strategy,
    {
      compute: budget.limits(releasingCompute(ports.compute, store, run), log.totals),
      clock,
      emit(event) {
        budget.record(event);
        divergence.record(event);
        log.tell(event);
      },
      save(state, elapsedMs) {
        const snapshot = strategy.progress(state);
        const { round, model } = snapshot;
        const isKept = isTraced(snapshot);
        oldParts.saved(state, snapshot, isKept);
        if (isKept) ports.onModel?.(round, model);
        log.save(state, elapsedMs, isKept ? { round, atMs: elapsedMs, model } : undefined);
      },
      maySend: (tasks) => budget.maySend(tasks, log.totals()),
      mayStop(elapsedMs) {
        const failure = log.failure() ?? divergence.reason();
        if (failure !== null) return { kind: "unfinished", reason: failure };
        const reason = control.reason();
        if (reason !== null) return { kind: "interrupted", reason };
        return budget.over(log.totals(), elapsedMs);
      },
      interrupted: control.interrupted,
    },
    before,
  ).finally(control.close);
  log.tell(stoppedEvent(end));
  await log.flush(end.elapsedMs);
  if (log.failure() === null) await budget.settle(log.totals());
  return { ...outcome(end, strategy.progress(end.state), log), startModel };
}

/** The run's budget. Nothing is noted where time is virtual: nobody pays what is then forgotten. */
export async function budgetOf(
  { spec, run }: Pick<RunRecord, "spec" | "run">,
  { store, clock, prices = null }: Pick<SegmentPorts, "store" | "clock" | "prices">,
  before: Pick<Parameters<typeof openBudget>[2], "rounds" | "checkpoint">,
): Promise<RunBudget> {
  const { dollars } = spec.stop;
  const isNoted = dollars !== undefined && prices !== null && clock.advance === undefined;
  const grant = isNoted ? await openSpendingGrant(store, run, dollars) : null;
  return openBudget(spec.stop, prices, { ...before, grant });
}

/** Whether a state's model is kept for the curve: of a large one not every round's. */
function tracing(rounds: number, start: ModelRef): (snapshot: ModelSnapshot) => boolean {
  const strideRounds = Math.ceil((rounds * modelBytes(start)) / traceBytesMax);
  return ({ round, finished }) => finished || round % Math.max(1, strideRounds) === 0;
}

function outcome(
  { stop, elapsedMs }: LoopEnd<object>,
  { model, round, traffic }: ReturnType<TrainingStrategy["progress"]>,
  log: Checkpointer<object>,
): Omit<SegmentEnd, "startModel"> {
  const failure = log.failure();
  return {
    stop: failure === null ? stop : { kind: "unfinished", reason: failure },
    model,
    rounds: round,
    elapsedMs,
    totals: log.totals(),
    ...(traffic === undefined ? {} : { traffic }),
  };
}

function stoppedEvent({ stop, elapsedMs: atMs }: LoopEnd<object>): StoppedEvent {
  if (stop.kind === "done") return { type: "stopped", atMs, kind: "done", reason: "finished" };
  return { type: "stopped", atMs, ...stop };
}

/**
 * Returns the checkpoint to continue from; removes what a crashed segment wrote after it. Throws
 * `RunError` where the events before it are not whole: the run's end would need them.
 */
async function checkpointOf(
  record: RunRecord,
  store: Store,
  divergence: DivergenceWatch,
): Promise<Checkpoint<object> | null> {
  const { run } = record;
  const before = resumable(record, await readCheckpoint<object>(store, run));
  if (before === null) return null;
  for (const event of (await readLog(store, run, before)).events) divergence.record(event);
  await forgetBeyond(store, run, before.sequence);
  return before;
}

function openingEvents(
  record: RunRecord,
  staged: { readonly prepared: Prepared; readonly encoded: Encoded },
  before: Checkpoint<object> | null,
): RunEvent[] {
  if (before !== null)
    return [{ type: "resumed", atMs: before.elapsedMs, sequence: before.sequence }];
  const lost = (staged.prepared.lost ?? []).map(
    (one): RunEvent => ({ type: "warning", atMs: 0, message: lostInWords(one) }),
  );
  return [startedEvent(record, runFactsOf(record.spec, staged)), ...lost];
}

function startedEvent(
  { run, startedAt, backend, spec, forecast, stages }: RunRecord,
  facts: RunFacts,
): StartedEvent {
  const about = { run, startedAt, backend, spec: plainSpec(spec), facts };
  const told = { ...(forecast && { forecast }), ...(stages && { stages }) };
  return { type: "started", atMs: 0, ...about, ...told };
}

/**
 * How many slots' replies are recorded one by one: few enough that theirs stay far below the bound.
 * Only a simulation has more replies, and it can be run again to see any of them.
 */
function sumsOf({ backend, spec }: RunRecord, repliesMax: number): ArrivalHistogram | null {
  const { rounds } = spec.stop;
  if (backend !== "simulated" || spec.workers * rounds <= repliesMax) return null;
  return arrivalHistogram(Math.max(slotsToldMin, Math.floor(repliesMax / 16 / rounds)));
}

/** Removes event batches that a crash left without a checkpoint that names them. */
async function forgetBeyond(store: Store, run: string, sequence: number): Promise<void> {
  const last = eventsKey(run, sequence);
  const folder = last.slice(0, last.lastIndexOf("/") + 1);
  for (const key of await store.list(folder)) if (key > last) await store.remove(key);
}

function plainSpec(spec: RunRecord["spec"]): Record<string, unknown> {
  return JSON.parse(JSON.stringify(spec)) as Record<string, unknown>;
}
