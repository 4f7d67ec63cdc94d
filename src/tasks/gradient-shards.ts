import { randomFrom } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import { cutPart, cutTensors } from "../math/slices/cuts.ts";
import { type TensorPart, tensorLength } from "../math/slices/gradient-part.ts";
import type { GradientForm } from "../math/slices/sliced-gradient.ts";
import type { TensorSpec } from "../math/vector.ts";
import type { Problem } from "../problems/problem.ts";
import { workerRoles } from "../store-effects.ts";
import { areFinite, payloadOfParts, shorterPart } from "./sliced-reply.ts";
import type { RoundTask, TaskKind } from "./task-kind.ts";
import { invalidSums } from "./valid-reply.ts";

/** The gradient over the slot's rows, left in the store in so many shards of the weights. */
export interface GradientShardsTask extends RoundTask {
  readonly operation: "gradient-shards";
  readonly step: number;
  readonly node: string;
  readonly replica: number;
  readonly shards: number;
  /** How tables' gradients are told; absent: dense. */
  readonly gradients?: GradientForm;
}

export const gradientShards: TaskKind<GradientShardsTask, Examples> = {
  load: (place) => place.shard(),
  compute(problem, examples, task) {
    const { loss, parts, tables } = gradientOf(problem, examples, task);
    const told = task.gradients === "gather" ? parts : parts.map(shorterPart);
    const payloads = cutTensors(tensorsOf(problem, task.weights.length), task.shards).map(
      (cuts, shard) => {
        const own = cuts.map((cut) => cutPart(told[cut.tensor]!, cut));
        return [shardField(shard), payloadOfParts(own)] as const;
      },
    );
    return {
      // What is no number in the store is none here.
      loss: areFinite(parts) ? loss : Number.NaN,
      values: new Float32Array(0),
      tensors: Object.fromEntries(payloads),
      ...(tables === null ? {} : { tables }),
    };
  },
  validate: (_task, reply) => invalidSums(reply, 0),
  size: { requestArrays: ({ weights }) => [weights.byteLength] },
  effects: { roles: workerRoles, reads: ["encoded", "parts"] },
};

/** The reply's tensor that is a shard of the gradient. */
export function shardField(shard: number): string {
  return `shard-${shard}`;
}

/** The tensors that a gradient is told by; one vector where the problem has none. */
export function tensorsOf(
  { parameters }: Pick<Problem, "parameters">,
  length: number,
): readonly Pick<TensorSpec, "shape">[] {
  return parameters ?? [{ shape: [length] }];
}

function gradientOf(problem: Problem, examples: Examples, task: GradientShardsTask) {
  const { gradients, weights, round, slot } = task;
  const isDrawing = problem.parameters !== undefined;
  const draws = isDrawing ? randomFrom(`round/${round}/slot/${slot}`) : undefined;
  const sliced = gradients && problem.slicedGradient?.(examples, weights, gradients, draws);
  if (sliced) return sliced;
  const sum = new Float64Array(weights.length);
  const loss = problem.lossAndGradient(examples, weights, sum, draws);
  let from = 0;
  const parts = tensorsOf(problem, weights.length).map((one): TensorPart => {
    const values = sum.subarray(from, from + tensorLength(one));
    from += values.length;
    return { kind: "dense", values };
  });
  return { loss, parts, tables: null };
}
