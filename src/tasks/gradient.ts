import { type Random, randomFrom } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import { scratchArray } from "../math/vector.ts";
import { batchShards } from "../problems/batched-sums.ts";
import type { Problem } from "../problems/problem.ts";
import { workerRoles } from "../store-effects.ts";
import type { RoundTask, TaskKind } from "./task-kind.ts";
import { invalidSums } from "./valid-reply.ts";

/** The sums of losses and gradients over the shard, at `weights`. */
export interface GradientTask extends RoundTask {
  readonly operation: "gradient";
}

const room = scratchArray();

/** The sums of losses and gradients over the slot's rows. */
export const gradient: TaskKind<GradientTask, Examples> = {
  load: (place) => place.shard(),
  compute(problem, examples, task, hold = (values) => new Float32Array(values)) {
    const sum = room(task.weights.length).fill(0);
    const loss = problem.lossAndGradient(examples, task.weights, sum, drawsOf(problem, task));
    return { loss, values: hold(sum) };
  },
  batch(problem, inputs) {
    const crowd = problem.batchedSums === undefined ? null : batchShards(inputs);
    if (crowd === null) return null;
    const { columns } = crowd.rows;
    return ({ weights }) => {
      if (weights.length !== columns) return null;
      // Replies go on living with the state that they are part of.
      const gradients = new Float32Array(inputs.length * columns);
      const losses = new Float64Array(inputs.length);
      problem.batchedSums!(crowd, weights, { losses, gradients });
      return (place) => ({
        loss: losses[place]!,
        values: new Float32Array(gradients.buffer, 4 * place * columns, columns),
      });
    };
  },
  validate: ({ weights }, reply) => invalidSums(reply, weights.length),
  size: {
    requestArrays: ({ weights }) => [weights.byteLength],
    replyBytes: ({ weights }) => weights.byteLength,
  },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};

/** Only what has pieces draws; a task that is asked again draws the same. */
function drawsOf({ parameters }: Problem, { round, slot }: GradientTask): Random | undefined {
  return parameters === undefined ? undefined : randomFrom(`round/${round}/slot/${slot}`);
}
