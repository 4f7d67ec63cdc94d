import type { StoredPart } from "../data/manifests.ts";
import { isFar } from "../data/offsets.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import type { Examples } from "../math/rows.ts";
import type { Store } from "../ports/store.ts";
import { lossOf } from "../problems/linear.ts";
import type { Problem } from "../problems/problem.ts";
import { exactScoresMax, type RocAuc } from "../problems/roc-auc.ts";
import { withTwoClassMetrics } from "../problems/two-class-metrics.ts";
import {
  type MeasuredRows,
  type ModelMeasures,
  type RowMeasures,
  type RowMetrics,
  type TallyWork,
  tallyParts,
} from "./parts-pool.ts";

type Weights = Float32Array<ArrayBuffer>;

/**
 * What the rows say of one model, before anybody knows how many others it is evaluated with: the
 * more they are, the fewer scores of each are kept as they are.
 */
export async function measuresOf(
  store: Store,
  prepared: MeasuredRows,
  problem: Problem,
  weights: Weights,
  rows: "all" | "test",
): Promise<ModelMeasures> {
  const { train, test } = prepared;
  const isCounted = rows === "all" && prepared.weighted === true;
  const over = async (parts: readonly StoredPart[]): Promise<RowMeasures> => {
    const work = tallyWorkOf(prepared, parts, [weights], [exactScoresMax]);
    const { tallies, areas } = await tallyParts(store, problem, work);
    const [area] = areas as readonly [RocAuc];
    const exact = metricsOfTallies(problem, tallies, 0, area);
    const { first, second } = area.confusion();
    const scores = first.first + first.second + second.first + second.second;
    const binned = area.isExact ? metricsOfTallies(problem, tallies, 0, area.inBins()) : exact;
    return { exact, binned, scores };
  };
  return {
    train: rows === "test" ? null : await over(train),
    test: test.length === 0 ? null : await over(test),
    weightedLoss: isCounted
      ? (await weightedLosses(store, prepared, problem, [weights]))[0]!
      : null,
  };
}

/** What a pass over some parts is told of several models. */
export function tallyWorkOf(
  { targetMean, targetVariance, columns }: MeasuredRows,
  parts: readonly StoredPart[],
  weights: readonly Weights[],
  scoresMax: readonly number[],
): TallyWork {
  const about = isFar(targetMean, Math.sqrt(targetVariance)) ? targetMean : 0;
  return { parts, columns, weights, about, scoresMax };
}

/** Of the model in place `i`: its parts' sums are added up in their order. */
export function metricsOfTallies(
  problem: Problem,
  tallies: readonly (readonly Float64Array[])[],
  i: number,
  area: RocAuc,
): RowMetrics {
  const total = Float64Array.from(tallies[0]![i]!);
  for (const part of tallies.slice(1))
    for (let j = 0; j < total.length; j++) total[j]! += part[i]![j]!;
  const { meanLoss, metrics } = problem.metrics(total);
  return { meanLoss, metrics: withTwoClassMetrics(metrics, area) };
}

/** The mean losses over training rows that count unlike: metrics take each of them once. */
export async function weightedLosses(
  store: Store,
  prepared: MeasuredRows,
  problem: Problem,
  weights: readonly Weights[],
): Promise<readonly number[]> {
  const sums = new Float64Array(weights.length);
  for await (const part of eachPart(store, prepared.train, prepared.columns))
    for (const [i, at] of weights.entries()) sums[i]! += weightedLoss(problem, part, at);
  return [...sums].map((sum) => sum / prepared.rows);
}

function weightedLoss(problem: Problem, part: Examples, at: Weights): number {
  if (problem.predict === undefined) return lossOf(problem, part, at);
  // Of what computes its own predictions, the losses at a step of nothing.
  return problem.lineSearchTerms(part, at, new Float32Array(at.length), Float64Array.of(0))[0]!;
}
