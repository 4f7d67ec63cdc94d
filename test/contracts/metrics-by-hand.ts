import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";

/** Metrics from their definitions, two passes and no sums of squares to cancel. Dense rows. */
export function metricsByHand(
  problem: Problem,
  { rows, targets }: Examples,
  weights: Float32Array,
): Readonly<Record<string, number>> {
  const outputs = weights.length / rows.columns;
  const scores = Array.from({ length: outputs }, (_, output) =>
    Array.from(targets, (_, i) => {
      const row = rows.values.subarray(i * rows.columns, (i + 1) * rows.columns);
      return row.reduce((sum, value, j) => sum + value * weights[output * rows.columns + j]!, 0);
    }),
  );
  if (problem.pairs !== undefined)
    return ofNumbers(
      Array.from(targets, (_, i) => withPairs(scores, rows, weights, i)),
      targets,
    );
  if (problem.addClippedGradient !== undefined) return ofDistances(rows, weights);
  if (problem.target === "numbers") return ofNumbers(scores[0]!, targets);
  if (problem.link === "softmax") return ofClasses(scores, targets);
  return problem.link === "sigmoid"
    ? ofTwoClasses(scores[0]!, targets)
    : ofMargins(scores[0]!, targets);
}

function ofDistances({ rows, columns, values }: Examples["rows"], weights: Float32Array) {
  const squares = Array.from({ length: rows }, (_, i) =>
    weights.reduce((sum, weight, j) => sum + (weight - values[i * columns + j]!) ** 2, 0),
  );
  return { rmse: Math.sqrt(average(squares)) };
}

/** The biases' score and the product of factors of every two entries of row i. */
function withPairs(
  scores: readonly (readonly number[])[],
  { columns, values }: Examples["rows"],
  weights: Float32Array,
  i: number,
): number {
  let sum = scores[0]![i]!;
  for (let a = 0; a < columns; a++)
    for (let b = a + 1; b < columns; b++)
      for (let block = columns; block < weights.length; block += columns) {
        const entries = values[i * columns + a]! * values[i * columns + b]!;
        sum += weights[block + a]! * weights[block + b]! * entries;
      }
  return sum;
}

function ofClasses(scores: readonly (readonly number[])[], targets: Float32Array) {
  const chances = Array.from(targets, (_, i) => {
    const powers = scores.map((output) => Math.exp(output[i]!));
    const all = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / all);
  });
  const right = chances.map((of, i) => (of.indexOf(Math.max(...of)) === targets[i] ? 1 : 0));
  return {
    accuracy: average(right),
    logloss: average(chances.map((of, i) => -Math.log(of[targets[i]!]!))),
  };
}

function ofMargins(scores: readonly number[], targets: Float32Array) {
  const margins = scores.map((score, i) => (targets[i] === 1 ? score : -score));
  return {
    accuracy: average(scores.map((score, i) => (score > 0 === (targets[i] === 1) ? 1 : 0))),
    hinge: average(margins.map((margin) => Math.max(0, 1 - margin) ** 2 / 2)),
  };
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
