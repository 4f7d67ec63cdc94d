import { assert } from "../core/errors.ts";
import type { Encoded, Prepared } from "../data/manifests.ts";
import {
  type RunFunctions,
  type RunRecord,
  recordVersion,
  writeRecord,
} from "../journal/run-record.ts";
import type { TaskPrices } from "../journal/task-costs.ts";
import type { ResultEvent, RunForecast } from "../ports/events.ts";
import type { StageTimes } from "../ports/stage-times.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { contentDigest } from "../store-damage.ts";
import type { Effects } from "../store-effects.ts";
import { encodedKey, preparedKey } from "../store-layout.ts";
import type { WorkerTask } from "../tasks/protocol.ts";
import { readEncodedManifest } from "../worker/worker-context.ts";
import { arithmetic, checkArithmetic } from "./arithmetic.ts";
import { knownCurvature } from "./curvature.ts";
import { type CurveAhead, curveAhead } from "./curve-ahead.ts";
import { type Evaluate, evaluateStaged } from "./evaluate-stages.ts";
import { finishRun } from "./finish.ts";
import { type Dataset, loadFor } from "./ingest.ts";
import type { PartsPool } from "./parts-pool.ts";
import { openTraining, resolveMembers } from "./resolve-members.ts";
import { budgetOf, runSegment, type SegmentEnd, type SegmentPorts } from "./segment.ts";
import { refuseSmallBudget } from "./spending.ts";
import { stateShape } from "./state-version.ts";
import { settleRate } from "./usual-rate.ts";

/** Reads the data and everything of the run but its secrets. */
export const orchestrateEffects: Effects = {
  roles: ["orchestrator"],
  reads: ["encoded", "prepared", "run"],
};

/**
 * Writes a run's record: from then on the store alone holds everything about the run. Throws
 * `RunError` where its budget of dollars does not pay for its first tasks.
 */
export async function recordRun(
  store: Store,
  { prices = null, stages = null, ...about }: About,
  written: RunSpec,
  { prepared, encoded }: Dataset,
  forecast: RunForecast | null = null,
  pool?: PartsPool,
): Promise<RunRecord> {
  const rated = await settleRate(written, prepared, store, pool);
  const { method } = resolveMembers(rated);
  const spec = method.settle?.(rated, encoded) ?? rated;
  const { strategy, version: stateVersion, kofn } = stateShape({ spec });
  const record: RunRecord = {
    version: recordVersion,
    arithmetic,
    kofn,
    strategy,
    stateVersion,
    run: about.run,
    startedAt: about.startedAt.toISOString(),
    backend: about.backend,
    ...(about.functions === undefined ? {} : { functions: about.functions }),
    ...(about.sources === undefined ? {} : { sources: about.sources }),
    spec,
    prepared: preparedKey(prepared.digest),
    encoded: encodedKey(encoded.digest),
    manifests: {
      prepared: await textDigest(store, preparedKey(prepared.digest)),
      encoded: await textDigest(store, encodedKey(encoded.digest)),
    },
    entriesPerSlot: entriesPerSlot(encoded),
    ...(forecast === null ? {} : { forecast }),
    ...(stages === null ? {} : { stages }),
    ...(await knownCurvature(store, spec, prepared, pool)),
  };
  const { dollars } = spec.stop;
  if (dollars !== undefined && prices !== null) {
    await loadFor(spec, store);
    const strategy = openTraining(spec, { prepared, encoded }, record);
    refuseSmallBudget(dollars, prices, strategy.wanted(strategy.start()));
  }
  await writeRecord(store, record);
  return record;
}

/** What a run is trained on, as its record says. Throws `RunError` where it is another. */
export async function readManifests(
  store: Store,
  { prepared, encoded, manifests }: Pick<RunRecord, "prepared" | "encoded" | "manifests">,
): Promise<Dataset> {
  return {
    prepared: await readEncodedManifest<Prepared>(store, prepared, manifests?.prepared),
    encoded: await readEncodedManifest<Encoded>(store, encoded, manifests?.encoded),
  };
}

async function textDigest(store: Store, key: string): Promise<string> {
  const bytes = await store.read(key);
  assert(bytes !== null, "a run begins with manifests that are in the store");
  return contentDigest(bytes);
}

export interface About {
  readonly run: string;
  readonly startedAt: Date;
  readonly backend: string;
  /** Of a deployed stage: what the run goes on with until its end. */
  readonly functions?: RunFunctions | undefined;
  /** As in its record. */
  readonly sources?: RunRecord["sources"] | undefined;
  /** The price of a task before any was metered; null where tasks are free. */
  readonly prices?: TaskPrices<WorkerTask> | null;
  /** Of a pipeline: how long its tasks are expected to take; null where that is not known. */
  readonly stages?: StageTimes | null;
}

/**
 * Stored numbers of an average slot, counted by stored bytes, so that sparse shards count their
 * entries only; estimated where nothing is stored.
 */
export function entriesPerSlot({ slots }: Encoded): number {
  const stored = slots.flatMap((slot) => slot.parts).reduce((sum, part) => sum + part.bytes, 0);
  const formed = slots.reduce((sum, slot) => sum + (slot.raw?.entries ?? 0), 0);
  return Math.round((stored / Float32Array.BYTES_PER_ELEMENT + formed) / slots.length);
}

export interface Orchestrated {
  readonly record: RunRecord;
  readonly end: SegmentEnd;
  /** The evaluation of the weights so far; also for runs that stopped early. */
  readonly result: ResultEvent;
}

/**
 * Trains a recorded run, from its checkpoint if there is one, until it is done or must stop. Both
 * the orchestrator function and the command line call this.
 */
export async function orchestrate(record: RunRecord, ports: SegmentPorts): Promise<Orchestrated> {
  checkArithmetic(record);
  const { store } = ports;
  const { prepared, encoded } = await readManifests(store, record);
  const ahead = aheadOf(record, prepared, ports);
  const onModel = ahead === undefined ? {} : { onModel: ahead.take };
  const end = await runSegment(record, { prepared, encoded }, { ...ports, ...onModel });
  const evaluate = stagedEvaluator(record, { prepared, encoded }, end, ports);
  const how = { evaluate, pool: ports.pool, ahead };
  return { record, end, result: await finishRun(record, prepared, end, store, how) };
}

/** Where neither tasks evaluate the curve nor this process alone does. */
function aheadOf(
  record: RunRecord,
  prepared: Prepared,
  { pool }: SegmentPorts,
): CurveAhead | undefined {
  const isStaged = resolveMembers(record.spec).method.evaluation !== undefined;
  return pool === undefined || isStaged ? undefined : curveAhead(record, prepared, pool);
}

/** How the run's models are evaluated where that is done by tasks; undefined where it is not. */
function stagedEvaluator(
  { spec, run, largestEigenvalue }: RunRecord,
  staged: Dataset,
  { stop, rounds, totals }: SegmentEnd,
  ports: SegmentPorts,
): Evaluate | undefined {
  const { method, ...members } = resolveMembers(spec);
  const { evaluation } = method;
  if (evaluation === undefined) return undefined;
  // Nobody answers, somebody wants it to end, or the next segment goes on.
  const isVain = stop.kind === "unfinished" || stop.kind === "interrupted";
  return async (problem, models, rows) => {
    if (isVain) return null;
    const context = { spec, ...members, ...staged, largestEigenvalue };
    const of = { problem, prepared: staged.prepared };
    // Of metered tasks it knows those of this segment; of dollars all.
    const budget = await budgetOf({ spec, run }, ports, { rounds, checkpoint: { totals } });
    const how = { ...ports, run, budget, totals };
    return evaluateStaged(evaluation(context, models, rows), of, how);
  };
}
