import type { Prepared, StoredPart } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import type { ModelRef } from "../ports/model-ref.ts";
import type { Store } from "../ports/store.ts";
import { hasOwnMetrics, ownMetricSums, ownMetricsOf } from "../problems/own-metrics.ts";
import { countNonzero, penalty } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { exactScoresMax } from "../problems/roc-auc.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { labelled } from "../tasks/minibatch.ts";
import type { CurveAhead } from "./curve-ahead.ts";
import { metricsOfTallies, tallyWorkOf, weightedLosses } from "./model-measures.ts";
import { readWeights } from "./model-weights.ts";
import {
  type ModelMeasures,
  type PartsPool,
  type RowMeasures,
  type RowMetrics,
  tallyParts,
} from "./parts-pool.ts";

export interface Evaluation {
  /** The original problem's, on all training rows, penalty included. */
  readonly objective: number;
  readonly train: Record<string, number>;
  readonly test: Record<string, number>;
}

/** On which data, and who goes through them besides this process. */
export interface EvaluationOf {
  readonly store: Store;
  readonly prepared: Prepared;
  /** As others make the problem anew. */
  readonly chosen?: RunSpec["problem"];
  readonly pool?: PartsPool | undefined;
  /** Models that were evaluated before, on the same rows. */
  readonly ahead?: CurveAhead | undefined;
}

/**
 * Evaluates several models on the unencoded data: objective and metrics, with `metricRows: test`
 * only those of the test rows. A sharded model is assembled for a pass of its own, one after the
 * other: memory holds one model.
 */
export async function evaluateModels(
  of: EvaluationOf,
  problem: Problem,
  models: readonly ModelRef[],
  metricRows: "all" | "test" = "all",
): Promise<Evaluation[]> {
  const { store } = of;
  const whole = models.flatMap((model) => (model.kind === "whole" ? [model.weights] : []));
  const evaluations = whole.length === 0 ? [] : await evaluate(of, problem, whole, metricRows);
  const all: Evaluation[] = [];
  for (const model of models) {
    if (model.kind === "whole") all.push(evaluations.shift()!);
    else {
      const weights = [await readWeights(store, model)];
      all.push(...(await evaluate(of, problem, weights, metricRows)));
    }
  }
  return all;
}

/** As `evaluateModels`, in one pass over the stored parts: memory holds one part at a time. */
export async function evaluate(
  of: EvaluationOf,
  problem: Problem,
  weights: readonly Float32Array<ArrayBuffer>[],
  rows: "all" | "test" = "all",
): Promise<Evaluation[]> {
  const { prepared, ahead } = of;
  const scoresMax = weights.map((_, i) => exactScoresOf(i, weights.length));
  const before = await Promise.all(weights.map((at) => ahead?.of(at) ?? null));
  const told = before.map((one, i) => (one === null ? null : toldBy(one, scoresMax[i]!)));
  const others = [...weights.keys()].filter((i) => told[i] === null);
  const isAllKnown = weights.length > 0 && others.length === 0;
  const looked = {
    weights: others.map((i) => weights[i]!),
    scoresMax: others.map((i) => scoresMax[i]!),
    rows,
  };
  const found = isAllKnown ? [] : await lookAt(of, problem, looked);
  for (const [at, i] of others.entries()) told[i] = found[at]!;
  const shape = { columns: prepared.columns, intercept: prepared.preparation.intercept };
  return weights.map((at, i) => {
    const { train, test, weightedLoss } = told[i]!;
    const tested = prepared.testRows > 0 ? test!.metrics : {};
    if (train === null) return { objective: Number.NaN, train: {}, test: tested };
    const objective = (weightedLoss ?? train.meanLoss) + penalty(problem, at, shape);
    const chosen = problem.l1 > 0 ? { nonzero: countNonzero(at, shape) } : {};
    return { objective, train: { ...train.metrics, ...chosen }, test: tested };
  });
}

/** What the rows say of a model evaluated with so many others. */
interface Told {
  readonly train: RowMetrics | null;
  readonly test: RowMetrics | null;
  readonly weightedLoss: number | null;
}

function toldBy({ train, test, weightedLoss }: ModelMeasures, scoresMax: number): Told {
  const one = (of: RowMeasures | null) =>
    of === null ? null : of.scores > scoresMax ? of.binned : of.exact;
  return { train: one(train), test: one(test), weightedLoss };
}

interface Looked {
  readonly weights: readonly Float32Array<ArrayBuffer>[];
  readonly scoresMax: readonly number[];
  readonly rows: "all" | "test";
}

async function lookAt(of: EvaluationOf, problem: Problem, looked: Looked): Promise<Told[]> {
  const { store, prepared } = of;
  const { weights, rows } = looked;
  const train = rows === "test" ? null : await metricsOf(of, prepared.train, problem, looked);
  const test =
    prepared.test.length === 0 ? null : await metricsOf(of, prepared.test, problem, looked);
  const losses =
    train === null || prepared.weighted !== true
      ? null
      : await weightedLosses(store, prepared, problem, weights);
  return weights.map((_, i) => ({
    train: train?.[i] ?? null,
    test: test?.[i] ?? null,
    weightedLoss: losses?.[i] ?? null,
  }));
}

async function metricsOf(
  { store, prepared, chosen, pool }: EvaluationOf,
  parts: readonly StoredPart[],
  problem: Problem,
  { weights, scoresMax }: Looked,
): Promise<RowMetrics[]> {
  const work = tallyWorkOf(prepared, parts, weights, scoresMax);
  const shared = chosen === undefined ? null : await pool?.tally({ ...work, problem: chosen });
  const { tallies, areas } = shared ?? (await tallyParts(store, problem, work));
  const own = await ownMetrics({ store, prepared }, parts, problem, weights);
  return weights.map((_, i) => {
    const { meanLoss, metrics } = metricsOfTallies(problem, tallies, i, areas[i]!);
    return { meanLoss, metrics: { ...metrics, ...own[i] } };
  });
}

/** Metrics that a program registered, in a pass of their own; none where there are none. */
async function ownMetrics(
  { store, prepared }: Pick<EvaluationOf, "store" | "prepared">,
  parts: readonly StoredPart[],
  problem: Problem,
  weights: readonly Float32Array<ArrayBuffer>[],
): Promise<readonly Record<string, number>[]> {
  if (!hasOwnMetrics(problem)) return [];
  const { offset = 0 } = prepared.preparation.target;
  const sums: Float64Array[] = [];
  let rows = 0;
  for await (const part of eachPart(store, parts, prepared.columns)) {
    const examples = labelled(part);
    rows += examples.targets.length;
    for (const [i, at] of weights.entries()) {
      const more = ownMetricSums(problem, examples, at, offset);
      sums[i] = sums[i]?.map((sum, j) => sum + more[j]!) ?? more;
    }
  }
  return sums.map((sum) => ownMetricsOf(problem, sum, rows));
}

/** The last weights are the result's: as many scores as all others of the curve together. */
function exactScoresOf(i: number, count: number): number {
  return i === count - 1 ? exactScoresMax : Math.floor(exactScoresMax / (count - 1));
}
