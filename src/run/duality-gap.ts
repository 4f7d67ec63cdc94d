import type { Prepared } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import { addTransposed } from "../math/products.ts";
import type { Examples } from "../math/rows.ts";
import type { Store } from "../ports/store.ts";
import { predictLinear } from "../problems/linear.ts";
import { eachPenalized, penalty, type WeightShape } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { labelled } from "../tasks/minibatch.ts";

/** Of more stored bytes no further passes are made for a measure. */
const bytesMax = 256 * 1024 * 1024;
/** Passes that look for the free intercepts' optimum, and how near it they must come. */
const interceptPasses = 12;
const interceptTolerance = 1e-7;

/**
 * By how much a model's objective is above the optimum at most, as a part of the objective: the
 * duality gap over all training rows, which knows nothing of where training began. Null where there
 * is no such bound: without a penalty, for networks, for pairs, and for too many bytes.
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
  const { columns, preparation } = prepared;
  const shape = { columns, intercept: preparation.intercept };
  const parts = () => eachPart(store, prepared.train, columns);
  const at = Float64Array.from(await readModel());
  if (shape.intercept && !(await settleIntercepts(parts, problem, at, shape, prepared.rows)))
    return null;
  const sums = await sumsAt(parts, problem, at, columns);
  const primal = sums.loss / prepared.rows + penalty(problem, at, shape);
  const gap = primal - dualOf(problem, sums, shape, prepared.rows);
  // A fit that is nearly perfect is not far from the optimum by being twice as good.
  const scale = Math.max(primal, (perfectShare * sums.zero) / prepared.rows);
  return scale > 0 ? Math.max(0, gap) / scale : null;
}

/** Below this part of the objective of zero weights, differences count as parts of that. */
const perfectShare = 1e-3;

type ReadExamples = () => AsyncIterable<Examples>;

interface Sums {
  /** Of losses here, and where every prediction is zero. */
  readonly loss: number;
  readonly zero: number;
  /** Of slopes times predictions, of slopes squared, of slopes times targets. */
  readonly slopesTimesPredictions: number;
  readonly squares: number;
  readonly targets: number;
  /** X's, a block an output. */
  readonly pull: Float64Array<ArrayBuffer>;
}

async function sumsAt(
  parts: ReadExamples,
  problem: Problem,
  weights: Float64Array<ArrayBuffer>,
  columns: number,
): Promise<Sums> {
  let [loss, zero, slopesTimesPredictions, squares, targets] = [0, 0, 0, 0, 0];
  const pull = new Float64Array(weights.length);
  for await (const part of parts()) {
    const { rows, targets: wanted } = labelled(part);
    const predictions = predictLinear(rows, weights);
    const slopes = new Float64Array(predictions.length);
    loss += problem.lossAt(predictions.slice(), wanted, slopes);
    zero += problem.lossAt(new Float64Array(predictions.length), wanted);
    for (let i = 0; i < slopes.length; i++) {
      slopesTimesPredictions += slopes[i]! * predictions[i]!;
      squares += slopes[i]! * slopes[i]!;
      targets += slopes[i]! * wanted[i % wanted.length]!;
    }
    for (let output = 0; output * columns < weights.length; output++)
      addTransposed(
        rows,
        slopes.subarray(output * rows.rows, (output + 1) * rows.rows),
        pull.subarray(output * columns, (output + 1) * columns),
      );
  }
  return { loss, zero, slopesTimesPredictions, squares, targets, pull };
}

/**
 * The dual objective at the slopes s of the losses: -(1/n) sum of l*(s) - R*(-X's / n). With an l2
 * penalty R* is finite everywhere, and l*(s) = s z - l(z) where s is the slope at z. With l1 alone
 * slopes are shortened until no feature pulls harder than l1; l*(s) = s^2 / 2 + s y.
 */
function dualOf(
  { l1, l2 }: Problem,
  { loss, slopesTimesPredictions, squares, targets, pull }: Sums,
  shape: WeightShape,
  rows: number,
): number {
  if (l2 > 0) {
    let excess = 0;
    eachPenalized(pull.length, shape, (j) => {
      excess += Math.max(0, Math.abs(pull[j]!) / rows - l1) ** 2;
    });
    return (loss - slopesTimesPredictions) / rows - excess / (2 * l2);
  }
  let hardest = 0;
  eachPenalized(pull.length, shape, (j) => {
    hardest = Math.max(hardest, Math.abs(pull[j]!) / rows);
  });
  const share = hardest > l1 ? l1 / hardest : 1;
  return -(share * share * squares) / (2 * rows) - (share * targets) / rows;
}

/** Moves free intercepts until slopes add up to nothing, as the dual asks; false if they do not. */
async function settleIntercepts(
  parts: ReadExamples,
  problem: Problem,
  weights: Float64Array<ArrayBuffer>,
  { columns }: WeightShape,
  rows: number,
): Promise<boolean> {
  const outputs = weights.length / columns;
  // A loss's second derivative is at most this: the first step goes down, further ones by secants.
  const curvatures = Array.from({ length: outputs }, () => problem.smoothness(1));
  let before: number[] | null = null;
  const steps = new Float64Array(outputs);
  for (let pass = 0; pass < interceptPasses; pass++) {
    const { pull, loss } = await sumsAt(parts, problem, weights, columns);
    const slopes = Array.from({ length: outputs }, (_, k) => pull[(k + 1) * columns - 1]! / rows);
    const scale = Math.max(loss / rows, Number.MIN_VALUE);
    if (slopes.every((slope) => Math.abs(slope) <= interceptTolerance * scale)) return true;
    for (const [k, slope] of slopes.entries()) {
      const secant = before === null ? 0 : (slope - before[k]!) / steps[k]!;
      if (secant > 0) curvatures[k] = secant;
      steps[k] = -slope / curvatures[k]!;
      weights[(k + 1) * columns - 1]! += steps[k]!;
    }
    before = slopes;
  }
  return false;
}
