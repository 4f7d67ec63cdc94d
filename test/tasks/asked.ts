import { goldenSpecs } from "../../scripts/goldens/specs.ts";
import { workerRequestOf } from "../../src/platform/backend.ts";
import { modelBytes } from "../../src/ports/model-ref.ts";
import type { Store } from "../../src/ports/store.ts";
import { problems } from "../../src/problems/registry.ts";
import { orchestrate } from "../../src/run/orchestrate.ts";
import { simulatedCompute } from "../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../src/simulation/virtual-clock.ts";
import type { WorkerReply, WorkerTask } from "../../src/tasks/protocol.ts";
import type { ReplyFacts } from "../../src/tasks/task-kind.ts";
import { noFault } from "../../src/weather/fault-decision.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { readEncodedManifest } from "../../src/worker/worker-context.ts";
import { staged } from "../roles/under-roles.ts";

/** A task that a run started, what came back, and what the run knew of it beforehand. */
export interface Asked {
  readonly task: WorkerTask;
  readonly reply: WorkerReply;
  readonly facts: ReplyFacts;
}

/** Runs whose tasks are of all kinds. */
export const specsOfAllKinds: Readonly<Record<string, object>> = {
  ...goldenSpecs,
  "a line search along a loss that is not quadratic": {
    ...goldenSpecs["rounds-adam"],
    optimizer: "l-bfgs",
    weather: { model: "calm" },
  },
  "a pipeline whose tensors go by reference": {
    problem: { type: "network", model: "test/fixtures/networks/wide.ts", backend: "wasm" },
    data: { generate: { type: "classification", rows: 700, features: 12 }, test: 0 },
    strategy: {
      type: "pipeline",
      stages: 3,
      placement: "1 | 1 | ...",
      batch: 700,
      microbatches: 2,
    },
    optimizer: { type: "adam", clip: 1 },
    stop: { rounds: 2, tolerance: 0 },
  },
  batches: {
    ...goldenSpecs["rounds-adam"],
    encoding: "uncoded",
    strategy: { type: "rounds", batch: 8 },
  },
  "sums by a tree of functions": {
    ...goldenSpecs["rounds-adam"],
    encoding: "uncoded",
    reduction: { type: "tree", fanIn: 2 },
  },
  "noise at workers": {
    ...goldenSpecs["dp-sgd"],
    strategy: { type: "dp-sgd", noise: "workers" },
  },
};

/** A run on a virtual clock; `storeOf` is the store as the worker of a task sees it. */
export async function askedBy(
  spec: object,
  storeOf: (store: Store, task: WorkerTask) => Store = (store) => store,
): Promise<Asked[]> {
  const { record, store } = await staged({ ...spec, weather: { model: "calm" } });
  const { isQuadratic } = problems.create(record.spec.problem);
  const encoded = await readEncodedManifest<NonNullable<ReplyFacts["encoded"]>>(
    store,
    record.encoded,
  );
  const asked: { task: WorkerTask; reply: WorkerReply }[] = [];
  const clock = virtualClock();
  const compute = simulatedCompute<WorkerTask, WorkerReply>({
    clock,
    async perform(task) {
      // An environment of its own for every task: nothing is warm.
      const worker = createWorker(storeOf(store, task), () => 0);
      const reply = await worker(workerRequestOf(record, task));
      asked.push({ task, reply });
      return reply;
    },
    workMs: () => 5,
    fateOf: () => noFault,
    bytesDown: () => 1,
    bytesUp: () => 1,
  });
  const { end } = await orchestrate(record, { store, clock, compute });
  const facts = {
    isQuadratic,
    encoded,
    weightsLength: modelBytes(end.model) / Float32Array.BYTES_PER_ELEMENT,
  };
  return asked.map((one) => ({ ...one, facts }));
}
