import { type FeatureBlock, readFeatureBlock } from "../data/shards/load-features.ts";
import { addTransposed, multiply } from "../math/products.ts";
import type { DenseRows } from "../math/rows.ts";
import { addPenaltyGradient } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import { workerRoles } from "../store-effects.ts";
import { BlockReply, batchBlocks } from "./batched-blocks.ts";
import type { RoundTask, TaskKind, WorkerReply } from "./task-kind.ts";
import { invalidSums, noNumbers } from "./valid-reply.ts";

/** What a unit step along the slot's lifted block would change: see `applyGram`. */
export interface BlockUpdateTask extends RoundTask {
  readonly operation: "block";
  /** X w of all data rows, an output after another. */
  readonly predictions: Float32Array<ArrayBuffer>;
}

/**
 * What a unit step along the slot's lifted block would change, and the sum of all losses: see
 * `applyGram`. Nothing of it depends on earlier tasks.
 */
export const blockUpdate: TaskKind<BlockUpdateTask, FeatureBlock> = {
  load: (place) =>
    place.cached("block", () => readFeatureBlock(place.store, place.encoded, place.slot)),
  compute(problem, material, task) {
    const { predictions, weights } = task;
    const pulls = penaltyPulls(problem, material, weights);
    const { loss, change } = applyGram(problem, material, predictions, weights, pulls);
    return { loss, values: new Float32Array(change) };
  },
  batch(problem, inputs, slots) {
    const [first] = inputs;
    const batch = first === undefined ? null : batchBlocks(inputs, slots);
    if (first === undefined || batch === null) return null;
    return {
      answer({ predictions, weights }) {
        // Of several outputs a block has as many factors.
        if (weights.length !== first.features) return null;
        const slopes = new Float64Array(predictions.length);
        const loss = problem.lossAt(Float64Array.from(predictions), first.targets, slopes);
        const sources = sourcesOf(slopes, pullsOf(problem, first, weights), first, 0);
        const answer = batch.answer(loss, sources);
        return (place, task) => (task.predictions === predictions ? answer(place) : null);
      },
      add: batch.add,
    };
  },
  validate: invalidUpdate,
  size: {
    requestArrays: ({ weights, predictions }) => [weights.byteLength, predictions.byteLength],
    replyBytes: ({ weights, predictions }) => weights.byteLength + predictions.byteLength,
  },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};

/** As many numbers come back as went out. */
function invalidUpdate({ predictions, weights }: BlockUpdateTask, reply: WorkerReply) {
  const length = predictions.length + weights.length;
  if (!(reply instanceof BlockReply) || reply.length !== length) return invalidSums(reply, length);
  return reply.isFinite() ? null : noNumbers;
}

/** What blocks are multiplied by, of an output: n slopes of the mean loss, and p of the penalty. */
function sourcesOf(
  slopes: Float64Array,
  pulls: Float64Array,
  { targets, features }: Pick<FeatureBlock, "targets" | "features">,
  output: number,
): Float64Array<ArrayBuffer> {
  const rows = targets.length;
  const sources = new Float64Array(rows + features);
  for (let i = 0; i < rows; i++) sources[i] = slopes[output * rows + i]! / rows;
  sources.set(pulls.subarray(output * features, (output + 1) * features), rows);
  return sources;
}

/**
 * [X S_i'; S_i'] S_i grad F(w) at u = Xw, for F(w) = (1/n) sum of losses + (l2/2) |w|^2: one block
 * of n + p numbers an output, first the change of its predictions, then that of its weights. Both
 * come from the same d_i = S_i grad F, so that they stay in step.
 */
export function applyGram(
  problem: Pick<Problem, "lossAt" | "l2">,
  block: FeatureBlock,
  predictions: Float32Array | Float64Array,
  weights: Float32Array | Float64Array,
  pulls: Float64Array = pullsOf(problem, block, weights),
): { loss: number; change: Float64Array<ArrayBuffer> } {
  const { slabs, targets, features } = block;
  const slopes = new Float64Array(predictions.length);
  const loss = problem.lossAt(Float64Array.from(predictions), targets, slopes);
  const length = targets.length + features;
  const change = new Float64Array((weights.length / features) * length);
  for (let output = 0; output * features < weights.length; output++) {
    const sources = sourcesOf(slopes, pulls, block, output);
    addGramProduct(slabs, sources, change.subarray(output * length, (output + 1) * length));
  }
  return { loss, change };
}

type Shape = Pick<FeatureBlock, "features" | "intercept">;

/** The gradient of the penalty. */
function pullsOf(
  { l2 }: Pick<Problem, "l2">,
  { features, intercept }: Shape,
  weights: Float32Array | Float64Array,
): Float64Array<ArrayBuffer> {
  const pulls = new Float64Array(weights.length);
  addPenaltyGradient(l2, weights, { columns: features, intercept }, pulls);
  return pulls;
}

/** The penalty's last gradient: all tasks of a simulated round have the same weights. */
let last: (Shape & { l2: number; weights: Float32Array; pulls: Float64Array }) | null = null;

function penaltyPulls(
  problem: Problem,
  { features, intercept }: Shape,
  weights: Float32Array,
): Float64Array {
  const { l2 } = problem;
  const isSame = last?.weights === weights && last.l2 === l2;
  if (last !== null && isSame && last.features === features && last.intercept === intercept)
    return last.pulls;
  const pulls = pullsOf(problem, { features, intercept }, weights);
  last = { features, intercept, l2, weights, pulls };
  return pulls;
}

/** `out` += A' A `sources`, A the slabs side by side. */
function addGramProduct(
  slabs: readonly DenseRows[],
  sources: Float64Array<ArrayBuffer>,
  out: Float64Array<ArrayBuffer>,
): void {
  const lifted = new Float64Array(slabs[0]?.rows ?? 0);
  const part = new Float64Array(lifted.length);
  let from = 0;
  for (const slab of slabs) {
    multiply(slab, sources.subarray(from, from + slab.columns), part);
    for (let i = 0; i < part.length; i++) lifted[i]! += part[i]!;
    from += slab.columns;
  }
  from = 0;
  for (const slab of slabs) {
    addTransposed(slab, lifted, out.subarray(from, from + slab.columns));
    from += slab.columns;
  }
}
