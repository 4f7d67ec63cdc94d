import { awaitedLater } from "../core/awaited-later.ts";
import { parseJson } from "../core/json.ts";
import type { Prepared } from "../data/manifests.ts";
import { type ModelTrace, readCheckpoint, readLog } from "../journal/checkpoint.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { EvaluatedEvent, ResultEvent, RunEvent } from "../ports/events.ts";
import { type ModelRef, modelBytes } from "../ports/model-ref.ts";
import { removeAll } from "../ports/remove-all.ts";
import type { Store } from "../ports/store.ts";
import { problems } from "../problems/registry.ts";
import type { CleanUp, Effects } from "../store-effects.ts";
import { modelKey, modelPartsPrefix, type PrefixName, prefixIn } from "../store-layout.ts";
import { taskKinds } from "../tasks/registry.ts";
import { toSafetensors } from "../wire/safetensors.ts";
import { objectCleanUp } from "../worker/objects.ts";
import { offloadCleanUp } from "../worker/payload-offload.ts";
import { convergenceAtEnd } from "./convergence.ts";
import type { CurveAhead } from "./curve-ahead.ts";
import { curvePoints } from "./curve-points.ts";
import { type Evaluate, evaluateRun } from "./evaluate-stages.ts";
import { loadProblem } from "./ingest.ts";
import { type LastModel, lookAtLastModel } from "./last-model.ts";
import { modelDigest, shardedFormat, wholeFormat } from "./model-weights.ts";
import type { PartsPool } from "./parts-pool.ts";
import { privacySpent } from "./privacy-spent.ts";
import type { SegmentEnd } from "./segment.ts";
import { readEvaluated, readResult, writeEnd } from "./stored-end.ts";

const cleanUps: readonly CleanUp[] = [
  offloadCleanUp,
  objectCleanUp,
  ...Object.values(taskKinds).map(({ cleanUp }) => cleanUp ?? {}),
];
const passing = (until: keyof CleanUp): PrefixName[] => [
  ...new Set(cleanUps.flatMap((one) => one[until] ?? [])),
];
const leftovers = [...passing("atStop"), ...passing("whenDone")];

/** What the end of a run reads, writes and removes. */
export const finishEffects: Effects = {
  roles: ["orchestrator"],
  reads: ["parts", "prepared", "state", "events", "ledger", "modelParts"],
  writes: ["model", "evaluation", "result"],
  lists: [...leftovers, "modelParts"],
  removes: [...leftovers, "modelParts"],
};

/** Who evaluates the curve, where this process does not, or not alone. */
export interface FinishPorts {
  readonly evaluate?: Evaluate | undefined;
  readonly pool?: PartsPool | undefined;
  /** Models that were evaluated while the run went on. */
  readonly ahead?: CurveAhead | undefined;
}

/** Of models that no process holds. */
const untold: LastModel = { figures: {}, gap: null };

/**
 * Finishes a run, also one that stopped early: evaluates the curve on the unencoded data, writes
 * model and result.
 */
export async function finishRun(
  record: RunRecord,
  prepared: Prepared,
  end: SegmentEnd,
  store: Store,
  { evaluate, pool, ahead }: FinishPorts = {},
): Promise<ResultEvent> {
  const { run, spec } = record;
  const problem =
    evaluate === undefined ? await loadProblem(spec.problem, store) : problems.create(spec.problem);
  const checkpoint = await readCheckpoint<object>(store, run);
  const { traces, events: history } = await readLog(store, run, checkpoint);
  const zero = { round: 0, atMs: 0, model: end.startModel };
  const last = { round: end.rounds, atMs: end.elapsedMs, model: end.model };
  const kept = await withParts(store, run, traces);
  const before = kept.filter((trace) => trace.round < end.rounds);
  const isAwaited = end.stop.kind === "interrupted";
  const points = curvePoints([zero, ...before, last], problem, prepared, isAwaited);
  const models = points.map((point) => point.model);
  const of = { problem, models, evaluate, pool, ahead };
  const { evaluations, totals, figures, gap } = await lookAtAll(record, prepared, end, store, of);
  const spent = await privacySpent(store, run, spec);
  const ended = { prepared, end, history, store, objectiveFirst: evaluations[0]!.objective, gap };
  const convergence = await convergenceAtEnd(record, ended);
  const evaluated: EvaluatedEvent[] = points.map(({ round, atMs }, i) => ({
    type: "evaluated",
    round,
    atMs,
    ...evaluations[i]!,
  }));
  const { objective, train, test } = evaluations.at(-1)!;
  const result: ResultEvent = {
    type: "result",
    run,
    rounds: end.rounds,
    objective,
    metrics: { train, test },
    seconds: end.elapsedMs / 1000,
    dollars: totals.costUsd,
    bytesUp: totals.bytesUp,
    bytesDown: totals.bytesDown,
    ...end.traffic,
    ...(spent === null ? {} : { epsilon: spent.epsilon, privacy: spent }),
    erasures: totals.erasures,
    weightsDigest: modelDigest(end.model),
    ...(convergence === null ? {} : { convergence }),
    ...figures,
    ...expectedOf(record, end),
    report: "",
    model: modelKey(run),
  };
  // The model first: removing what is no longer needed may take long.
  const file = modelFile(record, prepared, end.model);
  await writeEnd(store, { run, model: file, evaluated, result });
  await removeLeftovers(store, run, end.stop.kind === "done");
  if (end.stop.kind === "done") await removeOtherParts(store, run, [end.startModel, end.model]);
  return result;
}

/** The curve, and the last model by itself: where there are threads, at once. */
async function lookAtAll(
  record: RunRecord,
  prepared: Prepared,
  end: SegmentEnd,
  store: Store,
  of: Parameters<typeof evaluateRun>[4],
): Promise<Awaited<ReturnType<typeof evaluateRun>> & LastModel> {
  const { problem, evaluate, pool } = of;
  const last = { prepared, end, store, pool };
  const look = async () =>
    evaluate === undefined ? lookAtLastModel(record, last, problem) : untold;
  const beside = pool === undefined ? null : awaitedLater(look());
  const curve = await evaluateRun(record, prepared, end, store, of);
  return { ...curve, ...(await (beside ?? look())) };
}

/**
 * Removes what a stopped run no longer needs; a repetition continues with what is left. Worker
 * state stays unless the run is done: a resume needs it.
 */
export async function removeLeftovers(store: Store, run: string, isDone: boolean): Promise<void> {
  const names = [...passing("atStop"), ...(isDone ? passing("whenDone") : [])];
  const lists = await Promise.all(names.map((name) => store.list(prefixIn(run, name))));
  for (const keys of lists) await removeAll(store, keys);
}

/** Returns the traces whose models still exist: a finished run's parts may be gone. */
async function withParts(
  store: Store,
  run: string,
  traces: readonly ModelTrace[],
): Promise<ModelTrace[]> {
  if (traces.every(({ model }) => model.kind === "whole")) return [...traces];
  const there = new Set(await store.list(modelPartsPrefix(run)));
  return traces.filter(
    ({ model }) => model.kind === "whole" || model.parts.every(({ key }) => there.has(key)),
  );
}

/** The model parts of all other rounds. */
export async function removeOtherParts(
  store: Store,
  run: string,
  models: ModelRef[],
): Promise<void> {
  const parts = models.flatMap((model) =>
    model.kind === "whole" ? [] : model.parts.map(({ key }) => key),
  );
  const all = await store.list(modelPartsPrefix(run));
  await removeAll(
    store,
    all.filter((key) => !parts.includes(key)),
  );
}

/**
 * The forecast for the rounds that there were, interpolated between the recorded points. A record
 * that only holds the forecast for the whole run gives none for a part of it.
 */
export function expectedOf(
  { forecast }: Pick<RunRecord, "forecast">,
  { rounds }: Pick<SegmentEnd, "rounds">,
): Pick<ResultEvent, "forecast"> {
  if (forecast === undefined || forecast.rounds === 0) return {};
  const { partway = [] } = forecast;
  if (partway.length === 0 && rounds !== forecast.rounds) return {};
  const points = [{ rounds: 0, seconds: 0, dollars: 0 }, ...partway, forecast];
  const after = points.findIndex((point) => point.rounds >= rounds);
  if (after < 0) return {};
  const b = points[after]!;
  const a = points[Math.max(0, after - 1)]!;
  const share = b.rounds === a.rounds ? 0 : (rounds - a.rounds) / (b.rounds - a.rounds);
  const between = (name: "seconds" | "dollars") => a[name] + share * (b[name] - a[name]);
  return { forecast: { seconds: between("seconds"), dollars: between("dollars") } };
}

/** Every event of a run so far, the evaluation and the result included where there are any. */
export async function readHistory(store: Store, run: string): Promise<RunEvent[]> {
  const checkpoint = await readCheckpoint<object>(store, run);
  const { events } = await readLog(store, run, checkpoint);
  const evaluated = await readEvaluated(store, run);
  const result = await readResult(store, run);
  return [...events, ...evaluated, ...(result === null ? [] : [result])];
}

export async function readJson<T>(store: Store, key: string): Promise<T | null> {
  const bytes = await store.read(key);
  return bytes === null ? null : parseJson<T>(bytes, key);
}

/** The model file: the weights, and in its metadata what `predict` needs to read raw rows. */
function modelFile(
  record: RunRecord,
  { preparation, columns }: Prepared,
  model: ModelRef,
): Uint8Array {
  const metadata = {
    format: model.kind === "whole" ? wholeFormat : shardedFormat,
    run: record.run,
    problem: JSON.stringify(record.spec.problem),
    preparation: JSON.stringify(preparation),
  };
  // One row for each class that has weights of its own.
  const classes = preparation.target.classes?.length ?? 0;
  const length = modelBytes(model) / Float32Array.BYTES_PER_ELEMENT;
  const shape = length === classes * columns ? [classes, columns] : [length];
  if (model.kind === "sharded") {
    const [parts, ofAll] = [JSON.stringify(model.parts), JSON.stringify(shape)];
    const { tensors } = model;
    const places = tensors === undefined ? {} : { tensors: JSON.stringify(tensors) };
    return toSafetensors({}, { ...metadata, parts, ...places, shape: ofAll });
  }
  const { weights } = model;
  return toSafetensors({ weights: { shape, data: weights } }, metadata);
}
