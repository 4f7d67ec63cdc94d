import { describe, expect, it } from "vitest";
import type { Prepared } from "../../../src/data/manifests.ts";
import { workerRequestOf } from "../../../src/platform/backend.ts";
import type { Store } from "../../../src/ports/store.ts";
import { evaluateModels } from "../../../src/run/evaluate.ts";
import { loadProblem } from "../../../src/run/ingest.ts";
import { orchestrate } from "../../../src/run/orchestrate.ts";
import { simulatedCompute } from "../../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../../src/simulation/virtual-clock.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { noFault } from "../../../src/weather/fault-decision.ts";
import { createWorker } from "../../../src/worker/worker.ts";
import { readEncodedManifest } from "../../../src/worker/worker-context.ts";
import { staged } from "../../roles/under-roles.ts";
import { pipelineSpec } from "./pipelined.ts";

const data = (features: number, classes: number) => ({
  data: { generate: { type: "classification", rows: 45, features, classes }, test: 0.2 },
});

/** A whole run with its end; `lost` are slots that never answer. */
async function trained(given: object, lost: (slot: number) => boolean = () => false) {
  const { record, store } = await staged(given);
  const clock = virtualClock();
  const worker = createWorker(store, () => 0, record.spec.workers);
  const compute = simulatedCompute<WorkerTask, WorkerReply>({
    clock,
    async perform(task) {
      if (lost(task.slot)) throw new Error("its region is down");
      return worker(workerRequestOf(record, task));
    },
    workMs: () => 5,
    fateOf: () => noFault,
    bytesDown: () => 1,
    bytesUp: () => 1,
  });
  const read = new Set<string>();
  const watched: Store = {
    ...store,
    read(key) {
      read.add(key);
      return store.read(key);
    },
  };
  const { end, result } = await orchestrate(record, { store: watched, clock, compute });
  const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
  const problem = await loadProblem(record.spec.problem, store);
  const [whole] = await evaluateModels({ store, prepared }, problem, [end.model]);
  return { result, end, whole: whole!, read: [...read] };
}

interface Case {
  readonly what: string;
  readonly spec: object;
  readonly lost?: (slot: number) => boolean;
}
const cases: readonly Case[] = [
  { what: "a layer that is used twice", spec: pipelineSpec({}, data(12, 3)) },
  {
    what: "layers that workers share",
    spec: pipelineSpec({ stages: 1, tensor: 2 }, data(12, 3)),
  },
  { what: "a single stage", spec: pipelineSpec({ stages: 1 }, data(12, 3)) },
  {
    what: "batch normalisation and dropout",
    spec: pipelineSpec({ stages: 2 }, data(7, 3), "small.ts"),
  },
  {
    what: "two classes, with penalties",
    spec: pipelineSpec(
      { batch: "all" },
      {
        ...data(7, 2),
        problem: {
          type: "network",
          model: new URL("../../fixtures/networks/penalised.ts", import.meta.url).pathname,
          loss: "binaryCrossentropy",
          backend: "wasm",
        },
      },
    ),
  },
  {
    what: "two replicas, the first one lost",
    spec: pipelineSpec(
      { replicas: 2 },
      { ...data(12, 3), encoding: "gradient-code", wait: { fastest: 1 } },
    ),
    lost: (slot) => slot < 3,
  },
];

describe("an evaluation by tasks says what one process says", () => {
  it.each(cases)("of $what", async ({ spec, lost }) => {
    const { result, whole } = await trained(spec, lost);
    expect(result.objective).toBeCloseTo(whole.objective, 5);
    for (const set of ["train", "test"] as const) {
      expect(Object.keys(result.metrics[set]).sort()).toEqual(Object.keys(whole[set]).sort());
      for (const [name, value] of Object.entries(whole[set]))
        expect(result.metrics[set][name], `${set} ${name}`).toBeCloseTo(value, 5);
    }
  });
});

it("the orchestrator reads neither the network, nor weights, nor rows", async () => {
  const { read } = await trained(pipelineSpec({}, data(12, 3)));
  expect(read.length).toBeGreaterThan(0);
  expect(read.filter((key) => /^(networks|parts)\/|\/(model|objects)\//.test(key))).toEqual([]);
});

it("is no more than the run's budget of dollars pays for", async () => {
  const spec = (dollars: number) =>
    pipelineSpec({}, { ...data(12, 3), stop: { rounds: 2, tolerance: 0, dollars } });
  const rich = await trained(spec(1));
  const { costUsd } = rich.end.totals;
  expect(rich.result.dollars).toBeGreaterThan(costUsd);
  expect(rich.result.objective).toBeGreaterThan(0);
  // Training stops at the budget already: no task of an evaluation may start after it.
  const poor = await trained(spec(costUsd * 1.001));
  expect(poor.result.dollars).toBeLessThanOrEqual(costUsd * 1.001);
  expect(poor.result.objective).toBeNaN();
});
