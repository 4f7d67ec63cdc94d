import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";

/** Metrics from their definitions, two passes and no sums of squares to cancel. Dense rows. */
export function metricsByHand(
  problem: Problem,
  { rows, targets }: Examples,
  weights: Float32Array,
): Readonly<Record<string, number>> {
  const scores = Array.from(targets, (_, i) => {
    const row = rows.values.subarray(i * rows.columns, (i + 1) * rows.columns);
    return row.reduce((sum, value, j) => sum + value * weights[j]!, 0);
  });
  return problem.target === "numbers" ? ofNumbers(scores, targets) : ofTwoClasses(scores, targets);
}

function ofNumbers(scores: readonly number[], targets: Float32Array) {
  const mean = average(targets);
  const squaredErrors = average(scores.map((score, i) => (score - targets[i]!) ** 2));
  return {
    rmse: Math.sqrt(squaredErrors),
    mae: average(scores.map((score, i) => Math.abs(score - targets[i]!))),
    r2: 1 - squaredErrors / average(Array.from(targets, (target) => (target - mean) ** 2)),
  };
}

function ofTwoClasses(scores: readonly number[], targets: Float32Array) {
  const chance = scores.map((score) => 1 / (1 + Math.exp(-score)));
  return {
    accuracy: average(chance.map((p, i) => (p > 0.5 === (targets[i] === 1) ? 1 : 0))),
    logloss: average(chance.map((p, i) => -Math.log(targets[i] === 1 ? p : 1 - p))),
  };
}

function average(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0) / values.length;
}
