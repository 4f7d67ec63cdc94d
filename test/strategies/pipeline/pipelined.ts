import { join } from "node:path";
import type { Prepared } from "../../../src/data/manifests.ts";
import type { Strategy } from "../../../src/engine/strategy.ts";
import { workerRequestOf } from "../../../src/platform/backend.ts";
import type { RunEvent } from "../../../src/ports/events.ts";
import { modelDigest, readWeights, wholeWeights } from "../../../src/run/model-weights.ts";
import { orchestrate } from "../../../src/run/orchestrate.ts";
import { openTraining } from "../../../src/run/resolve-members.ts";
import { simulatedCompute } from "../../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../../src/simulation/virtual-clock.ts";
import type { TrainingStrategy } from "../../../src/strategies/definition.ts";
import type { EncodedPipeline } from "../../../src/strategies/pipeline/cut.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { noFault } from "../../../src/weather/fault-decision.ts";
import { createWorker } from "../../../src/worker/worker.ts";
import { readEncodedManifest } from "../../../src/worker/worker-context.ts";
import { type Staged, staged } from "../../roles/under-roles.ts";
import { type VirtualEnd, type VirtualRun, virtualRun } from "../../run/virtual-run.ts";

const network = (name: string) => ({
  type: "network",
  model: join(import.meta.dirname, "../../fixtures/networks", name),
  backend: "wasm",
});

/** A small run: what of it a test changes, and the options of its strategy. */
export function pipelineSpec(options: object = {}, more: object = {}, model = "tied.ts"): object {
  return {
    problem: network(model),
    data: { generate: { type: "classification", rows: 40, features: 12 }, test: 0 },
    strategy: { type: "pipeline", stages: 3, batch: 11, microbatches: 4, ...options },
    optimizer: { type: "adam", learningRate: 0.05 },
    stop: { rounds: 2, tolerance: 0, patience: 600 },
    ...more,
  };
}

export interface Pipelined extends Staged {
  /** Runs it on the virtual clock, as a run of this name; its weights' digest. */
  run(name: string, how?: Partial<How>): Promise<Ended>;
}

interface Ended extends VirtualEnd<object> {
  readonly digest: string;
  readonly weights: Float32Array;
}

type How = VirtualRun<object, WorkerTask, WorkerReply> & {
  /** Puts something around what a worker does. */
  readonly worker: (perform: Perform) => Perform;
  /** Puts something around the strategy, such as `lawful`. */
  readonly watched: (strategy: TrainingStrategy) => Strategy<object, WorkerTask, WorkerReply>;
};

export type Perform = (task: WorkerTask) => Promise<WorkerReply>;

/**
 * Stages a spec once, for any number of runs over the same store. Its small tensors go by value,
 * unless all are to go by reference.
 */
export async function pipelined(
  spec: object,
  tensors: "by value" | "by reference" = "by value",
): Promise<Pipelined> {
  const { record, store } = await staged(spec);
  const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
  const staging = await readEncodedManifest<EncodedPipeline>(store, record.encoded);
  const encoded = tensors === "by value" ? staging : withoutLengths(staging);
  return {
    record,
    store,
    async run(name, { worker = (perform: Perform) => perform, watched, ...how } = {}) {
      const strategy = openTraining(record.spec, { prepared, encoded }, { largestEigenvalue: 0 });
      const work = createWorker(store, () => 0, record.spec.workers);
      const perform: Perform = (task) => work(workerRequestOf({ ...record, run: name }, task));
      const end = await virtualRun(watched?.(strategy) ?? strategy, {
        ...how,
        perform: worker(perform),
      });
      const { model } = strategy.progress(end.state);
      const weights = await readWeights(store, model);
      return { ...end, digest: modelDigest(model), weights };
    },
  };
}

function withoutLengths(encoded: EncodedPipeline): EncodedPipeline {
  const stages = encoded.pipeline.stages.map(({ lengths: _, ...stage }) => stage);
  return { ...encoded, pipeline: { ...encoded.pipeline, stages } };
}

/** The same network by undisturbed rounds of one worker, which computes it in one piece. */
export async function inOnePiece(spec: object): Promise<{
  readonly weights: Float32Array;
  readonly objective: number;
  readonly losses: readonly number[];
}> {
  const { strategy: _, ...rest } = spec as Record<string, unknown>;
  const { record, store } = await staged({
    ...{ ...rest, strategy: "rounds", workers: 1, wait: "all", encoding: "uncoded" },
  });
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
  const losses: number[] = [];
  const listen = (event: RunEvent) => {
    if (event.type === "round") losses.push(event.objectiveEstimate);
  };
  const { end, result } = await orchestrate(record, { store, clock, compute, listen });
  return { weights: wholeWeights(end.model), objective: result.objective, losses };
}
