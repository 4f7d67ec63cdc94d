import { RunError } from "../core/errors.ts";
import type { Examples } from "../math/rows.ts";
import { predictLinear } from "./linear.ts";
import type { Problem } from "./problem.ts";

/** A metric of a program's own: a mean over rows. */
export interface OwnMetric {
  readonly name: string;
  /** What it is told of: numbers, or classes, whose targets are their numbers. */
  readonly target: Problem["target"];
  /** Of one row: its outputs (one number; or a class's each) and its target. */
  row(outputs: Float64Array, target: number): number;
  /** Of the mean over all rows, such as a root; the mean itself where absent. */
  whole?(mean: number): number;
}

const metrics: OwnMetric[] = [];

/** Adds a metric to this process; returns how to take it away. Throws where its name is taken. */
export function addMetric(metric: OwnMetric): () => void {
  if (metrics.some(({ name }) => name === metric.name))
    throw new RunError("bad-member", `metric ${JSON.stringify(metric.name)}: the name is taken`, {
      hint: "choose another name; each is registered once",
    });
  metrics.push(metric);
  return () => {
    const at = metrics.indexOf(metric);
    if (at >= 0) metrics.splice(at, 1);
  };
}

/** Whether a program registered a metric that fits the problem. */
export function hasOwnMetrics(problem: Problem): boolean {
  return metrics.some(({ target }) => target === problem.target);
}

/** Sums over some rows of every metric that fits the problem. */
export function ownMetricSums(
  problem: Problem,
  { rows, targets }: Examples,
  weights: Float32Array,
  offset: number,
): Float64Array {
  const fitting = metrics.filter(({ target }) => target === problem.target);
  const outputs = problem.predict?.(rows, weights) ?? predictLinear(rows, weights);
  const width = outputs.length / rows.rows;
  const moved = problem.target === "numbers" ? offset : 0;
  const own = new Float64Array(width);
  const sums = new Float64Array(fitting.length);
  for (let row = 0; row < rows.rows; row++) {
    for (let i = 0; i < width; i++) own[i] = outputs[i * rows.rows + row]! + moved;
    for (const [i, metric] of fitting.entries()) sums[i]! += metric.row(own, targets[row]! + moved);
  }
  return sums;
}

/** The metrics of sums over so many rows, by name. */
export function ownMetricsOf(
  problem: Problem,
  sums: Float64Array,
  rows: number,
): Record<string, number> {
  const fitting = metrics.filter(({ target }) => target === problem.target);
  return Object.fromEntries(
    fitting.map((metric, i) => {
      const mean = sums[i]! / rows;
      return [metric.name, metric.whole?.(mean) ?? mean];
    }),
  );
}
