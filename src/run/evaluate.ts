import type { Prepared, StoredPart } from "../data/manifests.ts";
import { isFar } from "../data/offsets.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import type { ModelRef } from "../ports/model-ref.ts";
import type { Store } from "../ports/store.ts";
import { lossOf } from "../problems/linear.ts";
import { hasOwnMetrics, ownMetricSums, ownMetricsOf } from "../problems/own-metrics.ts";
import { countNonzero, penalty } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { exactScoresMax } from "../problems/roc-auc.ts";
import { withTwoClassMetrics } from "../problems/two-class-metrics.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { labelled } from "../tasks/minibatch.ts";
import { readWeights } from "./model-weights.ts";
import { type PartsPool, tallyParts } from "./parts-pool.ts";

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
  const { prepared } = of;
  const train = rows === "test" ? null : await metricsOf(of, prepared.train, problem, weights);
  const test =
    prepared.test.length === 0 ? [] : await metricsOf(of, prepared.test, problem, weights);
  const losses =
    train === null || prepared.weighted !== true
      ? null
      : await weightedLosses(of, problem, weights);
  const shape = { columns: prepared.columns, intercept: prepared.preparation.intercept };
  return weights.map((at, i) => {
    const tested = prepared.testRows > 0 ? test[i]!.metrics : {};
    if (train === null) return { objective: Number.NaN, train: {}, test: tested };
    const { meanLoss, metrics } = train[i]!;
    const objective = (losses?.[i] ?? meanLoss) + penalty(problem, at, shape);
    const chosen = problem.l1 > 0 ? { nonzero: countNonzero(at, shape) } : {};
    return { objective, train: { ...metrics, ...chosen }, test: tested };
  });
}

/** The mean losses over training rows that count unlike: metrics take each of them once. */
async function weightedLosses(
  { store, prepared }: EvaluationOf,
  problem: Problem,
  weights: readonly Float32Array<ArrayBuffer>[],
): Promise<readonly number[]> {
  const sums = new Float64Array(weights.length);
  for await (const part of eachPart(store, prepared.train, prepared.columns))
    for (const [i, at] of weights.entries()) sums[i]! += lossOf(problem, part, at);
  return [...sums].map((sum) => sum / prepared.rows);
}

type Metrics = ReturnType<Problem["metrics"]>;

async function metricsOf(
  { store, prepared, chosen, pool }: EvaluationOf,
  parts: readonly StoredPart[],
  problem: Problem,
  weights: readonly Float32Array<ArrayBuffer>[],
): Promise<Metrics[]> {
  const { targetMean, targetVariance, columns } = prepared;
  const about = isFar(targetMean, Math.sqrt(targetVariance)) ? targetMean : 0;
  const scoresMax = weights.map((_, i) => exactScoresOf(i, weights.length));
  const work = { parts, columns, weights, about, scoresMax };
  const shared = chosen === undefined ? null : await pool?.tally({ ...work, problem: chosen });
  const { tallies, areas } = shared ?? (await tallyParts(store, problem, work));
  const own = await ownMetrics({ store, prepared }, parts, problem, weights);
  return weights.map((_, i) => {
    const total = Float64Array.from(tallies[0]![i]!);
    for (const part of tallies.slice(1))
      for (let j = 0; j < total.length; j++) total[j]! += part[i]![j]!;
    const { meanLoss, metrics } = problem.metrics(total);
    return { meanLoss, metrics: { ...withTwoClassMetrics(metrics, areas[i]!), ...own[i] } };
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
