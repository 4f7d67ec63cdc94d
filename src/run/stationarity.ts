import type { Prepared } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import type { Examples } from "../math/rows.ts";
import type { Store } from "../ports/store.ts";
import { addPenaltyGradient, penalty } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { clearRunningStats } from "../problems/running-stats.ts";
import { scaledChange, scaledGradient, scalingOf } from "../strategies/rounds/scaling.ts";
import { gatherExamples, labelled } from "../tasks/minibatch.ts";

/** Rows of one more pass: their order is random already. */
const rowsMax = 4_096;

/**
 * The sum of |slope| x |weight| at a model, over the objective that training began with, or ended
 * with where that is larger: weights that each change by a share of their size change the
 * objective by at most this many times as large a share of that, to first order. It knows nothing
 * of the steps that led there, of how many weights there are, or of units; a weight counts as no
 * smaller than the root mean square of its tensor, those of linear predictions as over
 * standardised features. Over the first 4,096 training rows; `objectiveFirst` is that of the
 * weights that training began with. Null under an l1 penalty, whose slope jumps at zero.
 */
export async function stationarityAt(
  store: Store,
  prepared: Prepared,
  problem: Problem,
  objectiveFirst: number,
  readModel: () => Promise<Float32Array<ArrayBuffer>>,
): Promise<number | null> {
  if (problem.l1 > 0) return null;
  const { columns, preparation } = prepared;
  const shape = { columns, intercept: preparation.intercept };
  const weights = await readModel();
  const gradient = new Float64Array(weights.length);
  let [rows, loss] = [0, 0];
  for await (const part of eachPart(store, prepared.train, columns)) {
    const some = labelled(firstRows(part, rowsMax - rows));
    loss += problem.lossAndGradient(some, weights, gradient);
    rows += some.targets.length;
    if (rows >= rowsMax) break;
  }
  if (rows === 0) return null;
  for (let j = 0; j < gradient.length; j++) gradient[j]! /= rows;
  addPenaltyGradient(problem.l2, weights, shape, gradient);
  clearRunningStats(problem, gradient);
  const objective = loss / rows + penalty(problem, weights, shape);
  const scale = Math.max(objective, objectiveFirst);
  const scaling = scalingOf(problem, prepared);
  const pull = pullOf(scaledChange(scaling, weights), scaledGradient(scaling, gradient), problem);
  return scale > 0 && Number.isFinite(pull) ? pull / scale : null;
}

function firstRows(examples: Examples, count: number): Examples {
  if (examples.targets.length <= count) return examples;
  return gatherExamples(
    examples,
    Array.from({ length: count }, (_, row) => row),
  );
}

/** The sum of slopes times weights, all taken as positive. */
function pullOf(
  weights: Float64Array,
  gradient: Float64Array,
  { parameters }: Pick<Problem, "parameters">,
): number {
  const shapes = parameters?.map(({ shape }) => shape) ?? [[weights.length]];
  let [from, sum] = [0, 0];
  for (const shape of shapes) {
    const to = from + shape.reduce((a, b) => a * b, 1);
    let squares = 0;
    for (let j = from; j < to; j++) squares += weights[j]! * weights[j]!;
    // Where nothing has moved yet, weights count as ones.
    const usual = squares === 0 ? 1 : Math.sqrt(squares / (to - from));
    for (let j = from; j < to; j++)
      sum += Math.abs(gradient[j]!) * Math.max(Math.abs(weights[j]!), usual);
    from = to;
  }
  return sum;
}
