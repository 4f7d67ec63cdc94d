import { withKeyedNoise } from "../../../src/privacy/mechanisms/keyed-noise.ts";
import type { Problem } from "../../../src/problems/problem.ts";
import { problems } from "../../../src/problems/registry.ts";
import { nodeSecretKey } from "../../../src/store-layout.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import { publicationOf } from "../../../src/tasks/published-sum.ts";
import { columns, type Scene } from "./scene.ts";

/**
 * Algorithm 1 of Abadi et al. (2016) as it is printed, full batch, record by record, with heavy
 * ball: the noise of each round is given. Nothing of the strategy is used, only the problem's
 * gradient of one record.
 */
export function textbook({ spec, shards, plan }: Scene, noise: readonly Float64Array[]) {
  const problem = problems.create(spec.problem);
  const { learningRate, momentum } = spec.optimizer as unknown as Heavy;
  const records = shards.reduce((sum, { targets }) => sum + targets.length, 0);
  // The mean's gradient is w less the mean of rows: w itself no row is in, and it is not clipped.
  const own = spec.problem.type === "mean" ? 1 : problem.l2;
  const at = (weights: Float32Array) =>
    spec.problem.type === "mean" ? weights.map(() => 0) : weights;
  let weights = new Float32Array(plan.weightsLength);
  const speed = new Float64Array(weights.length);
  for (const drawn of noise) {
    const sum = new Float64Array(weights.length);
    for (const gradient of recordGradients(problem, shards, at(weights))) {
      const factor = Math.min(1, spec.privacy!.clip / Math.hypot(...gradient));
      for (let j = 0; j < sum.length; j++) sum[j]! += factor * gradient[j]!;
    }
    for (let j = 0; j < weights.length; j++)
      speed[j] = momentum * speed[j]! + (sum[j]! + drawn[j]!) / records + own * weights[j]!;
    weights = weights.map((weight, j) => weight - learningRate * speed[j]!);
  }
  return weights;
}

interface Heavy {
  readonly learningRate: number;
  readonly momentum: number;
}

/** The noise that a task's answer is under; null where it is under none. */
export async function noiseOf(scene: Scene, task: WorkerTask): Promise<Float64Array | null> {
  const { run, encoded, store } = scene;
  if (task.operation !== "clipped-sum" && task.operation !== "noised-sum") return null;
  if (task.publishes === null) return null;
  const { rule } = task.publishes;
  const isTotal = task.operation === "noised-sum";
  const place = { run, encoded, slot: isTotal ? -1 : task.slot };
  const named = isTotal
    ? { from: [...task.from], ...rule }
    : { rate: task.rate, clip: task.clip, rule };
  const key = nodeSecretKey(run, isTotal ? "aggregator" : task.slot);
  // Behind the secret is its digest.
  const secret = (await store.read(key))!.subarray(0, 32);
  const zero = new Float64Array(scene.plan.weightsLength);
  return withKeyedNoise(zero, rule, secret, publicationOf("sum", place, task, named));
}

function* recordGradients(problem: Problem, shards: Scene["shards"], at: Float32Array) {
  for (const { rows, targets } of shards) {
    for (let row = 0; row < targets.length; row++) {
      const values = rows.values.slice(row * columns, (row + 1) * columns);
      const one = { kind: "dense", rows: 1, columns, values } as const;
      const gradient = new Float64Array(at.length);
      problem.lossAndGradient({ rows: one, targets: targets.slice(row, row + 1) }, at, gradient);
      yield gradient;
    }
  }
}
