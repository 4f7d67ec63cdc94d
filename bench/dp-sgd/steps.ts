import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { newSecret } from "../../src/privacy/mechanisms/secret-draws.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { problems } from "../../src/problems/registry.ts";
import {
  type ClippedGradientSumTask,
  clippedGradientSum,
} from "../../src/tasks/clipped-gradient-sum.ts";
import { type GradientTask, gradient } from "../../src/tasks/gradient.ts";
import { type NoisyAggregateTask, noisyAggregate } from "../../src/tasks/noisy-aggregate.ts";
import { race } from "../kernels/race.ts";

export interface StepTimes {
  readonly name: string;
  /** Rows of the batch, over all slots. */
  readonly rows: number;
  readonly plainMs: number;
  readonly clippedMs: number;
  readonly aggregatorMs: number;
  readonly workersMs: number;
}

const slots = 4;
const about = { id: "step", slot: 0, round: 0 } as const;
const release = {
  mechanism: "dp-sgd",
  adjacency: "add-remove",
  sampler: "poisson",
  rate: 0.25,
  divisor: "public",
  noise: 3.3,
  steps: 1,
} as const;
const publishes = {
  rule: { mechanism: "gaussian", adjacency: "add-remove", sensitivity: 1, noise: 3.3 },
  release,
  unit: "record",
  budget: { epsilon: 3, delta: 1e-5 },
  rounds: 80,
  observers: "all",
} as const;

/**
 * One round's work of four slots on the same batch, taking turns: the plain gradient, the clipped
 * sums, and those with noise once or at every slot. Through the operations' own `work`, without
 * what reads and writes: both ways of training have that alike.
 */
export async function stepTimes(
  name: string,
  problem: Problem,
  columns: number,
  rows: number,
  repetitions: number,
): Promise<StepTimes> {
  const random = randomFrom("dp-sgd bench");
  const batches = Array.from({ length: slots }, () => batchOf(Math.round(rows / slots)));
  const length = problem.weightsLength(columns, 10);
  const weights = problem.initial?.(randomFrom(1)) ?? new Float32Array(length);
  const secret = newSecret();
  let use = 0;
  const plain: GradientTask = { ...about, operation: "gradient", weights };
  const clipped: ClippedGradientSumTask = {
    ...{ ...about, operation: "clipped-sum", weights },
    ...{ rate: 1, clip: 1, publishes: null },
  };
  const from = Uint32Array.from({ length: slots }, (_, slot) => slot);
  const total: NoisyAggregateTask = { ...about, operation: "noised-sum", weights, from, publishes };
  const sumsOf = (task: ClippedGradientSumTask) =>
    batches.map((examples) => {
      const uses = { batchUse: `batch ${use++}`, noiseUse: `noise ${use++}` };
      const input = { examples, published: null, secret, ...uses };
      return Float64Array.from(clippedGradientSum.compute(problem, input, task).values);
    });
  const taken = await race(
    [
      { name: "plain", run: () => batches.map((batch) => gradient.compute(problem, batch, plain)) },
      { name: "clipped", run: () => sumsOf(clipped) },
      {
        name: "aggregator",
        run() {
          const sums = sumsOf(clipped);
          noisyAggregate.compute(
            problem,
            { published: null, sums, secret, use: `total ${use++}` },
            total,
          );
        },
      },
      { name: "workers", run: () => sumsOf({ ...clipped, publishes }) },
    ],
    repetitions,
  );
  const ms = (of: string) => taken[of]!.medianMs;
  return {
    ...{ name, rows, plainMs: ms("plain"), clippedMs: ms("clipped") },
    ...{ aggregatorMs: ms("aggregator"), workersMs: ms("workers") },
  };

  function batchOf(count: number): Examples {
    const values = Float32Array.from({ length: count * columns }, () => 2 * random.uniform() - 1);
    const targets = Float32Array.from({ length: count }, () => random.integer(10));
    return { rows: { kind: "dense", rows: count, columns, values }, targets };
  }
}

/** The network of `model.ts`, ready to compute. */
export async function openNetwork(): Promise<Problem> {
  const model = `${import.meta.dirname}/model.ts`;
  const store = new Map<string, Uint8Array>();
  const raw = problems.create({ type: "network", model, backend: "wasm" } as never);
  const staged = await raw.publishAssets!(async (key, bytes) => store.set(key, bytes), 1);
  const problem = problems.create({ type: "network", ...staged });
  await problem.load!(async (key) => store.get(key) ?? null);
  return problem;
}
