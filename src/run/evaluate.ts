import type { Part, Prepared } from "../data/manifests.ts";
import { isFar } from "../data/offsets.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import type { ModelRef } from "../ports/model-ref.ts";
import type { Store } from "../ports/store.ts";
import { countNonzero, penalty } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { exactScoresMax, RocAuc, withAuc } from "../problems/roc-auc.ts";
import { labelled } from "../tasks/minibatch.ts";
import { readWeights } from "./model-weights.ts";

export interface Evaluation {
  /** The original problem's, on all training rows, penalty included. */
  readonly objective: number;
  readonly train: Record<string, number>;
  readonly test: Record<string, number>;
}

/**
 * Evaluates several models on the unencoded data: objective and metrics, with `metricRows: test`
 * only those of the test rows. A sharded model is assembled for a pass of its own, one after the
 * other: memory holds one model.
 */
export async function evaluateModels(
  store: Store,
  prepared: Prepared,
  problem: Problem,
  models: readonly ModelRef[],
  metricRows: "all" | "test" = "all",
): Promise<Evaluation[]> {
  const whole = models.flatMap((model) => (model.kind === "whole" ? [model.weights] : []));
  const evaluations =
    whole.length === 0 ? [] : await evaluate(store, prepared, problem, whole, metricRows);
  const all: Evaluation[] = [];
  for (const model of models) {
    if (model.kind === "whole") all.push(evaluations.shift()!);
    else {
      const weights = [await readWeights(store, model)];
      all.push(...(await evaluate(store, prepared, problem, weights, metricRows)));
    }
  }
  return all;
}

/** As `evaluateModels`, in one pass over the stored parts: memory holds one part at a time. */
export async function evaluate(
  store: Store,
  prepared: Prepared,
  problem: Problem,
  weights: readonly Float32Array<ArrayBuffer>[],
  rows: "all" | "test" = "all",
): Promise<Evaluation[]> {
  const train =
    rows === "test" ? null : await metricsOf(store, prepared, prepared.train, problem, weights);
  const test = await metricsOf(store, prepared, prepared.test, problem, weights);
  const shape = { columns: prepared.columns, intercept: prepared.preparation.intercept };
  return weights.map((at, i) => {
    const tested = prepared.testRows > 0 ? test[i]!.metrics : {};
    if (train === null) return { objective: Number.NaN, train: {}, test: tested };
    const { meanLoss, metrics } = train[i]!;
    const objective = meanLoss + penalty(problem, at, shape);
    const chosen = problem.l1 > 0 ? { nonzero: countNonzero(at, shape) } : {};
    return { objective, train: { ...metrics, ...chosen }, test: tested };
  });
}

type Metrics = ReturnType<Problem["metrics"]>;

async function metricsOf(
  store: Store,
  prepared: Prepared,
  parts: readonly Part[],
  problem: Problem,
  weights: readonly Float32Array<ArrayBuffer>[],
): Promise<Metrics[]> {
  const { targetMean, targetVariance } = prepared;
  const about = isFar(targetMean, Math.sqrt(targetVariance)) ? targetMean : 0;
  const totals: Float64Array[] = [];
  const areas = weights.map((_, i) => new RocAuc(exactScoresOf(i, weights.length)));
  for await (const part of eachPart(store, parts, prepared.columns)) {
    const examples = labelled(part);
    for (const [i, at] of weights.entries()) {
      const tally = problem.tally(examples, at, about, areas[i]);
      const total = totals[i];
      if (total === undefined) totals[i] = Float64Array.from(tally);
      else for (let j = 0; j < tally.length; j++) total[j]! += tally[j]!;
    }
  }
  return totals.map((total, i) => {
    const { meanLoss, metrics } = problem.metrics(total);
    return { meanLoss, metrics: withAuc(metrics, areas[i]!) };
  });
}

/** The last weights are the result's: as many scores as all others of the curve together. */
function exactScoresOf(i: number, count: number): number {
  return i === count - 1 ? exactScoresMax : Math.floor(exactScoresMax / (count - 1));
}
