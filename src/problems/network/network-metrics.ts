import type { Engine } from "../../tfjs/engine.ts";
import type { Problem } from "../problem.ts";
import type { OutputRows } from "../staged-problem.ts";
import { hitsOfShares, overClassShares } from "./class-shares.ts";
import { losses, overRows } from "./losses.ts";
import { type NetworkOptions, outputsOf } from "./network-options.ts";

/** What is told of a network over some rows, by the usual names. */
export function tallies(
  options: NetworkOptions,
  engine: () => Engine,
): Pick<Problem, "tally" | "metrics"> {
  return {
    tally({ rows, targets }, weights, _about, auc) {
      const outputs = engine().outputs(rows, weights);
      const values = rows.kind === "dense" ? rows.values : new Float32Array();
      const tally = tallyOutputs(options, outputs, { targets, values });
      const scores = auc === undefined ? null : scoresOf(options, outputs, { targets, values });
      if (scores !== null) auc!.addAll(scores, targets);
      tally[penaltyAt] = targets.length * engine().penalty(weights);
      return tally;
    },
    metrics(tally) {
      const { target } = losses[options.loss];
      // The model's own penalties are of its loss; metrics are told without.
      const meanLoss = (tally[1]! + tally[2]!) / tally[0]!;
      const all = target === "classes" ? chances(options, tally) : distances(tally);
      const { metrics } = options;
      if (metrics === undefined) return { meanLoss, metrics: all };
      const chosen = Object.entries(all).filter(([name]) => metrics.includes(name));
      return { meanLoss, metrics: Object.fromEntries(chosen) };
    },
  };
}

/** Where a tally has the model's own penalties, once a row. */
const penaltyAt = 2;

/** A network's tally by its outputs, without penalties. */
export function tallyOutputs(
  options: NetworkOptions,
  outputs: Float32Array,
  { targets, values }: OutputRows,
): Float64Array {
  const { positions, width } = outputsOf(options);
  const loss = losses[options.loss];
  const isShared = outputs.length !== targets.length * positions * width;
  const over = isShared ? overClassShares(positions, width) : overRows(loss, positions, width);
  const sum = over(outputs, targets, values);
  const names =
    loss.target === "classes" ? hits(options, outputs, targets, values) : errors(outputs, targets);
  return Float64Array.of(targets.length, sum, 0, ...names);
}

/** How many positions were told right, of how many. */
function hits(
  options: NetworkOptions,
  outputs: Float32Array,
  targets: Float32Array,
  inputs: Float32Array,
): [right: number, positions: number] {
  const { positions, width } = outputsOf(options);
  const count = targets.length * positions;
  const classOf = (at: number) =>
    at % positions === positions - 1 ? targets[Math.floor(at / positions)]! : inputs[at + 1]!;
  if (outputs.length !== count * width) return [hitsOfShares(outputs, classOf, count), count];
  let right = 0;
  for (let at = 0; at < count; at++)
    if (largestOf(outputs, at * width, width) === classOf(at)) right++;
  return [right, count];
}

/** Of two classes; of more, and of text, there is no such score. */
export function scoresOf(
  options: NetworkOptions,
  outputs: Float32Array,
  { targets }: OutputRows,
): Float64Array | null {
  const { positions, width } = outputsOf(options);
  if (losses[options.loss].target !== "classes" || positions > 1 || width > 2) return null;
  if (options.metrics !== undefined && !options.metrics.includes("auc")) return null;
  return Float64Array.from(targets, (_, row) =>
    width === 1 ? outputs[row]! : outputs[2 * row + 1]! - outputs[2 * row]!,
  );
}

/** One output alone stands for the second of two classes. */
function largestOf(outputs: Float32Array, from: number, width: number): number {
  if (width === 1) return outputs[from]! > 0 ? 1 : 0;
  let best = 0;
  for (let i = 1; i < width; i++) if (outputs[from + i]! > outputs[from + best]!) best = i;
  return best;
}

function chances(options: NetworkOptions, tally: Float64Array): Record<string, number> {
  const [count, loss, , right, positions] = tally as unknown as Five;
  const logloss = loss / count;
  const text = outputsOf(options).positions > 1 ? { perplexity: Math.exp(logloss) } : {};
  return { accuracy: right / positions, logloss, ...text };
}

function errors(outputs: Float32Array, targets: Float32Array): number[] {
  let squaredErrors = 0;
  let absolute = 0;
  let sum = 0;
  let squares = 0;
  for (const [row, target] of targets.entries()) {
    const error = outputs[row]! - target;
    squaredErrors += error * error;
    absolute += Math.abs(error);
    sum += target;
    squares += target * target;
  }
  return [squaredErrors, absolute, sum, squares];
}

function distances(tally: Float64Array): Record<string, number> {
  const [count, , , squaredErrors, absolute, sum, squares] = tally as unknown as Seven;
  return {
    rmse: Math.sqrt(squaredErrors / count),
    mae: absolute / count,
    r2: 1 - squaredErrors / (squares - (sum * sum) / count),
  };
}

type Five = [number, number, number, number, number];

type Seven = [number, number, number, number, number, number, number];
