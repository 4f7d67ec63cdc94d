import { type Random, randomFrom } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import { presentValues } from "../math/slices/gradient-part.ts";
import type { GradientForm } from "../math/slices/sliced-gradient.ts";
import { tokenBatchAt } from "../math/token-batches.ts";
import type { Problem } from "../problems/problem.ts";
import { workerRoles } from "../store-effects.ts";
import { invalidGradient } from "./gradient.ts";
import { gatherRows, minibatch } from "./minibatch.ts";
import { slicedReply } from "./sliced-reply.ts";
import type { RoundTask, TaskKind, TaskOutput } from "./task-kind.ts";

/** How much of a slot's rows a batch is: so many rows, or tokens a side with padding counted. */
export type BatchSize = number | { readonly tokens: number };

/**
 * What the sums of losses and gradients over the shard are by one batch of its rows: the batch's
 * own sums times the number of batches that the rows make, so that their mean over a pass is exact.
 */
export interface BatchGradientTask extends RoundTask {
  readonly operation: "batch-gradient";
  readonly batch: BatchSize;
  /** Numbers of a row. */
  readonly columns: number;
  readonly seed: number;
  /** How tables' gradients are told; absent: as all others, dense. */
  readonly gradients?: GradientForm;
}

/** Batches hang on seed, slot and round, so that a task that is asked again repeats its bits. */
export const batchGradient: TaskKind<BatchGradientTask, Examples> = {
  load: (place) => place.shard(),
  compute(problem, examples, task, hold = (values) => new Float32Array(values)) {
    const { weights, round } = task;
    const sum = new Float64Array(weights.length);
    const random = batchesRandom(task);
    const { part, times } = batchOf(problem, examples, task, random);
    if (part.targets.length === 0) return { loss: 0, values: hold(sum) };
    const draws = random.fork(`round/${round}`);
    const sliced = slicedBatch(problem, part, times, task, draws);
    if (sliced !== null) return sliced;
    const loss = times * problem.lossAndGradient(part, weights, sum, draws);
    for (let i = 0; i < sum.length; i++) sum[i]! *= times;
    return { loss, values: hold(sum) };
  },
  validate: ({ weights }, reply, { parameters }) => invalidGradient(reply, weights, parameters),
  size: {
    requestArrays: ({ weights }) => [weights.byteLength],
    replyBytes: ({ weights, gradients }) => (gradients === undefined ? weights.byteLength : null),
    entries: ({ batch, columns }, entriesPerSlot) =>
      Math.min(
        entriesPerSlot,
        // Of a token its number and its place, on both sides.
        typeof batch === "number" ? batch * (columns + 1) : 4 * batch.tokens,
      ),
  },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};

/** The same tensor by tensor, tables by their rows; null where nobody asks or there are none. */
function slicedBatch(
  problem: Problem,
  part: Examples,
  times: number,
  { gradients, weights }: BatchGradientTask,
  draws: Random,
): TaskOutput | null {
  if (gradients === undefined) return null;
  const sliced = problem.slicedGradient?.(part, weights, gradients, draws) ?? null;
  if (sliced === null) return null;
  for (const one of sliced.parts) {
    const values = presentValues(one);
    for (let i = 0; i < values.length; i++) values[i]! *= times;
  }
  return slicedReply({ ...sliced, loss: times * sliced.loss }, problem.parameters!, gradients);
}

/** The stream that a slot's batches are drawn from, round after round. */
export function batchesRandom({ seed, slot }: Pick<BatchGradientTask, "seed" | "slot">): Random {
  return randomFrom(seed).fork(`batches/slot/${slot}`);
}

/** The task's batch, and how many times it stands for all rows. */
export function batchOf(
  problem: Pick<Problem, "rowTokens">,
  examples: Examples,
  { batch, round }: Pick<BatchGradientTask, "batch" | "round">,
  random: Random,
): { part: Examples; times: number } {
  const { rows, targets, weights } = examples;
  if (targets.length === 0) return { part: examples, times: 1 };
  if (typeof batch === "number") {
    const part = minibatch(examples, batch, random.fork(`rows/${round}`));
    return { part, times: targets.length / batch };
  }
  const chosen = tokenBatchAt(problem.rowTokens!(rows), batch.tokens, round, random);
  const pick = (values: Float32Array) => Float32Array.from(chosen.rows, (row) => values[row]!);
  const part = { rows: gatherRows(rows, chosen.rows), targets: pick(targets) };
  return {
    part: weights === undefined ? part : { ...part, weights: pick(weights) },
    times: chosen.count,
  };
}
