import type { Prepared } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import { addTransposed } from "../math/products.ts";
import type { Rows } from "../math/rows.ts";
import { scratchArray } from "../math/vector.ts";
import type { Store } from "../ports/store.ts";
import { predictLinear } from "../problems/linear.ts";
import { eachPenalized, penalty, type WeightShape } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { labelled } from "../tasks/minibatch.ts";
import {
  conjugateSums,
  mostAtZero,
  type Predicted,
  type Sums,
  sumsOf,
  zeroLoss,
} from "./duality-sums.ts";

/** Of more stored bytes, or predictions, no further passes are made for a measure. */
const bytesMax = 256 * 1024 * 1024;
/** How often free intercepts are moved towards their optimum, and how near it they must come. */
const movesMax = 12;
const interceptTolerance = 1e-7;

/**
 * By how much a model's objective is above the optimum at most, as a part of the objective: the
 * duality gap over all training rows, which knows nothing of where training began. Null where there
 * is no such bound: without a penalty, for networks, for pairs, and for too many bytes. Rows are
 * read once, and once more where a free intercept was not at its optimum.
 */
export async function relativeDualityGap(
  store: Store,
  prepared: Prepared,
  problem: Problem,
  readModel: () => Promise<Float32Array<ArrayBuffer>>,
): Promise<number | null> {
  const isLinear = problem.parameters === undefined && problem.predict === undefined;
  if (!isLinear || problem.pairs !== undefined || (problem.l2 === 0 && problem.l1 === 0))
    return null;
  if (prepared.train.reduce((sum, { bytes }) => sum + bytes, 0) > bytesMax) return null;
  const { columns, preparation, rows } = prepared;
  const shape = { columns, intercept: preparation.intercept };
  const at = Float64Array.from(await readModel());
  if ((at.length / columns) * rows * 16 > bytesMax) return null;
  const parts = () => eachPart(store, prepared.train, columns);
  const kept: Predicted[] = [];
  let pull: Float64Array = new Float64Array(at.length);
  for await (const part of parts()) {
    const { rows: own, targets, weights } = labelled(part);
    const predictions = predictLinear(own, at);
    const one = predicted(problem, { predictions, targets: targets.slice(), weights });
    kept.push(one);
    addPull(own, one.slopes, pull);
  }
  if (shape.intercept) {
    const moves = settledMoves(problem, kept, at.length / columns, rows);
    if (moves === null) return null;
    if (moves.some((move) => move !== 0)) {
      pull = new Float64Array(at.length);
      let next = 0;
      for await (const part of parts()) addPull(labelled(part).rows, kept[next++]!.slopes, pull);
      for (const [k, move] of moves.entries()) at[(k + 1) * columns - 1]! += move;
    }
  }
  const sums = sumsOf(kept);
  const primal = sums.loss / rows + penalty(problem, at, shape);
  const gap = primal - dualOf(problem, { kept, sums }, pull, shape, rows);
  // A fit that is nearly perfect is not far from the optimum by being twice as good.
  const isFar = boundShare * mostAtZero(problem, sums) < primal * rows;
  const scale = isFar ? primal : Math.max(primal, (perfectShare * zeroLoss(problem, kept)) / rows);
  return scale > 0 ? Math.max(0, gap) / scale : null;
}

/** Below this part of the objective of zero weights, differences count as parts of that. */
const perfectShare = 1e-3;
/** Four times that: bounds on losses are taken with room to spare. */
const boundShare = 4 * perfectShare;

const scratch = scratchArray();

/** Slopes that there were go: their memory is taken again. */
function predicted(
  problem: Problem,
  {
    predictions,
    targets,
    weights,
    slopes: before,
  }: Omit<Predicted, "slopes" | "loss"> & {
    readonly slopes?: Float64Array<ArrayBuffer>;
  },
): Predicted {
  const slopes = before?.fill(0) ?? new Float64Array(predictions.length);
  // A loss may leave something else in them.
  const copy = scratch(predictions.length);
  copy.set(predictions);
  const loss = problem.lossAt(copy, targets, slopes, weights);
  return { predictions, targets, weights, slopes, loss };
}

/** X's, a block an output. */
function addPull(rows: Rows, slopes: Float64Array<ArrayBuffer>, pull: Float64Array): void {
  for (let output = 0; output * rows.columns < pull.length; output++)
    addTransposed(
      rows,
      slopes.subarray(output * rows.rows, (output + 1) * rows.rows),
      pull.subarray(
        output * rows.columns,
        (output + 1) * rows.columns,
      ) as Float64Array<ArrayBuffer>,
    );
}

/**
 * The dual objective at the slopes s of the losses: -(1/n) sum of l*(s) - R*(-X's / n). With an l2
 * penalty R* is finite everywhere, and l*(s) = s z - l(z) where s is the slope at z. With l1 alone
 * slopes are shortened until no feature pulls harder than l1; l*(s) = s^2 / 2 + s y. A loss that
 * counts c times has c l*(s / c).
 */
function dualOf(
  { l1, l2 }: Problem,
  { kept, sums }: { readonly kept: readonly Predicted[]; readonly sums: Sums },
  pull: Float64Array,
  shape: WeightShape,
  rows: number,
): number {
  if (l2 > 0) {
    let excess = 0;
    eachPenalized(pull.length, shape, (j) => {
      excess += Math.max(0, Math.abs(pull[j]!) / rows - l1) ** 2;
    });
    return (sums.loss - sums.slopesTimesPredictions) / rows - excess / (2 * l2);
  }
  let hardest = 0;
  eachPenalized(pull.length, shape, (j) => {
    hardest = Math.max(hardest, Math.abs(pull[j]!) / rows);
  });
  const share = hardest > l1 ? l1 / hardest : 1;
  const { squares, targets } = conjugateSums(kept);
  return -(share * share * squares) / (2 * rows) - (share * targets) / rows;
}

/**
 * Moves predictions by free intercepts until slopes add up to nothing, as the dual asks. How far
 * each output was moved; null if they do not.
 */
function settledMoves(
  problem: Problem,
  kept: Predicted[],
  outputs: number,
  rows: number,
): number[] | null {
  // A loss's second derivative is at most this: the first step goes down, further ones by secants.
  const curvatures = Array.from({ length: outputs }, () => problem.smoothness(1));
  const moves = curvatures.map(() => 0);
  let before: number[] | null = null;
  const steps = new Float64Array(outputs);
  for (let move = 0; move < movesMax; move++) {
    const { loss, slopes } = meanSlopes(kept, outputs, rows);
    const scale = Math.max(loss, Number.MIN_VALUE);
    if (slopes.every((slope) => Math.abs(slope) <= interceptTolerance * scale)) return moves;
    for (const [k, slope] of slopes.entries()) {
      const secant = before === null ? 0 : (slope - before[k]!) / steps[k]!;
      if (secant > 0) curvatures[k] = secant;
      steps[k] = -slope / curvatures[k]!;
      moves[k]! += steps[k]!;
      for (const { predictions, targets } of kept)
        addStep(predictions.subarray(k * targets.length, (k + 1) * targets.length), steps[k]!);
    }
    for (const [i, part] of kept.entries()) kept[i] = predicted(problem, part);
    before = slopes;
  }
  return null;
}

/** By itself, as are sums over rows: a loop of a short function is compiled soon. */
function addStep(values: Float64Array, step: number): void {
  for (let i = 0; i < values.length; i++) values[i]! += step;
}

/** The mean loss, and the mean slope of each output. */
function meanSlopes(
  kept: readonly Predicted[],
  outputs: number,
  rows: number,
): { readonly loss: number; readonly slopes: number[] } {
  let total = 0;
  const sums = new Float64Array(outputs);
  for (const { loss, slopes, targets } of kept) {
    total += loss;
    const { length } = targets;
    for (let k = 0; k < outputs; k++)
      sums[k] = addedTo(sums[k]!, slopes, k * length, (k + 1) * length);
  }
  return { loss: total / rows, slopes: Array.from(sums, (sum) => sum / rows) };
}

function addedTo(sum: number, values: Float64Array, from: number, to: number): number {
  let total = sum;
  for (let i = from; i < to; i++) total += values[i]!;
  return total;
}
