import { RunError } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import type { GradientForm } from "../math/slices/sliced-gradient.ts";
import { scratchArray, type TensorSpec } from "../math/vector.ts";
import { batchShards } from "../problems/batched-sums.ts";
import type { Problem } from "../problems/problem.ts";
import { workerRoles } from "../store-effects.ts";
import { areFinite, readSlicedReply, slicedReply } from "./sliced-reply.ts";
import type { RoundTask, TaskKind, TaskOutput, WorkerReply } from "./task-kind.ts";
import { invalidSums, noNumbers } from "./valid-reply.ts";

/** The sums of losses and gradients over the shard, at `weights`. */
export interface GradientTask extends RoundTask {
  readonly operation: "gradient";
  /** How tables' gradients are told; absent: as all others, dense. */
  readonly gradients?: GradientForm;
}

const room = scratchArray();

/** The sums of losses and gradients over the slot's rows. */
export const gradient: TaskKind<GradientTask, Examples> = {
  load: (place) => place.shard(),
  compute(problem, examples, task, hold = (values) => new Float32Array(values)) {
    const sliced = slicedAnswer(problem, examples, task);
    if (sliced !== null) return sliced;
    const sum = room(task.weights.length).fill(0);
    const loss = problem.lossAndGradient(examples, task.weights, sum, drawsOf(problem, task));
    return { loss, values: hold(sum) };
  },
  batch(problem, inputs) {
    const crowd = problem.batchedSums === undefined ? null : batchShards(inputs);
    if (crowd === null) return null;
    const { columns } = crowd.rows;
    return {
      answer({ weights }) {
        if (weights.length !== columns) return null;
        // Replies go on living with the state that they are part of.
        const gradients = new Float32Array(inputs.length * columns);
        const losses = new Float64Array(inputs.length);
        problem.batchedSums!(crowd, weights, { losses, gradients });
        return (place) => ({
          loss: losses[place]!,
          values: new Float32Array(gradients.buffer, 4 * place * columns, columns),
          computeMs: 0,
        });
      },
    };
  },
  validate: ({ weights }, reply, { parameters }) => invalidGradient(reply, weights, parameters),
  size: {
    requestArrays: ({ weights }) => [weights.byteLength],
    replyBytes: ({ weights, gradients }) => (gradients === undefined ? weights.byteLength : null),
  },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};

function slicedAnswer(problem: Problem, examples: Examples, task: GradientTask): TaskOutput | null {
  const { gradients, weights } = task;
  if (gradients === undefined) return null;
  const draws = drawsOf(problem, task);
  const sliced = problem.slicedGradient?.(examples, weights, gradients, draws) ?? null;
  return sliced === null ? null : slicedReply(sliced, problem.parameters!, gradients);
}

/** Why a gradient, dense or by rows, is as good as lost. */
export function invalidGradient(
  reply: WorkerReply,
  weights: Float32Array,
  tensors: readonly TensorSpec[] = [],
): string | null {
  return reply.payload === undefined
    ? invalidSums(reply, weights.length)
    : invalidSlices(reply, tensors);
}

/** Why a reply that tells of slices is as good as lost. */
function invalidSlices(reply: WorkerReply, tensors: readonly TensorSpec[]): string | null {
  try {
    const isSound = Number.isFinite(reply.loss) && areFinite(readSlicedReply(reply, tensors));
    return isSound ? null : noNumbers;
  } catch (thrown) {
    if (thrown instanceof RunError) return `its reply is damaged: ${thrown.message}`;
    throw thrown;
  }
}

/** Only what has pieces draws; a task that is asked again draws the same. */
function drawsOf({ parameters }: Problem, { round, slot }: GradientTask): Random | undefined {
  return parameters === undefined ? undefined : randomFrom(`round/${round}/slot/${slot}`);
}
