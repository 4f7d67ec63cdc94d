import { expect, it } from "vitest";
import { workerRequestOf } from "../../../src/platform/worker-compute.ts";
import { wholeWeights } from "../../../src/run/model-weights.ts";
import { orchestrate } from "../../../src/run/orchestrate.ts";
import { simulatedCompute } from "../../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../../src/simulation/virtual-clock.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { noFault } from "../../../src/weather/fault-decision.ts";
import { createWorker } from "../../../src/worker/worker.ts";
import { staged } from "../../roles/under-roles.ts";
import { pipelined, pipelineSpec } from "./pipelined.ts";

const optimizers = [
  { type: "sgd", learningRate: 0.3, momentum: 0.9 },
  { type: "adam", learningRate: 0.05 },
  { type: "adamw", learningRate: 0.05, weightDecay: 0.1 },
  { type: "schedule-free", learningRate: 0.05 },
  { type: "muon", learningRate: 0.02, otherRate: 0.05 },
  { type: "adam", learningRate: 0.05, clip: 0.2 },
  { type: "mada", learningRate: 0.02, delay: 2, hyperLearningRate: 1 },
];

/** The same network by rounds of one worker, which computes it in one piece. */
async function inOnePiece(more: object): Promise<Float32Array> {
  const { strategy: _, ...rest } = pipelineSpec({}, more) as Record<string, unknown>;
  const spec = { ...rest, strategy: "rounds", workers: 1, wait: "all", encoding: "uncoded" };
  const { record, store } = await staged(spec);
  const clock = virtualClock();
  const worker = createWorker(store);
  const compute = simulatedCompute<WorkerTask, WorkerReply>({
    clock,
    perform: (task) => worker(workerRequestOf(record, task)),
    workMs: () => 5,
    fateOf: () => noFault,
    bytesDown: () => 1,
    bytesUp: () => 1,
  });
  const { end } = await orchestrate(record, { store, clock, compute });
  return wholeWeights(end.model);
}

it.each(optimizers)(
  "twenty steps of $type come to what one process comes to",
  async (optimizer) => {
    const more = { optimizer, stop: { rounds: 20, tolerance: 0 } };
    const aim = await inOnePiece(more);
    for (const [stages, microbatches] of [
      [1, 1],
      [2, 3],
      [3, 7],
    ]) {
      const spec = pipelineSpec({ stages, microbatches, batch: "all" }, more);
      const { weights } = await (await pipelined(spec)).run("one");
      const largest = Math.max(...aim.map(Math.abs));
      const farthest = Math.max(...aim.map((weight, i) => Math.abs(weight - weights[i]!)));
      expect(farthest / largest).toBeLessThan(1e-5);
    }
  },
);
