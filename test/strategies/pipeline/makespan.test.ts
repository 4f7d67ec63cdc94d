import { expect, it } from "vitest";
import type { Encoded, Prepared } from "../../../src/data/manifests.ts";
import { runLoop } from "../../../src/engine/loop.ts";
import { workerRequestOf } from "../../../src/platform/backend.ts";
import { openTraining } from "../../../src/run/resolve-members.ts";
import { simulatedCompute } from "../../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../../src/simulation/virtual-clock.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { noFault } from "../../../src/weather/fault-decision.ts";
import { createWorker } from "../../../src/worker/worker.ts";
import { readEncodedManifest } from "../../../src/worker/worker-context.ts";
import { staged } from "../../roles/under-roles.ts";
import { pipelineSpec } from "./pipelined.ts";

const [forwardMs, backwardMs, hopMs] = [50, 100, 4];

/** How long each kind of task takes; the last stage does both passes in one. */
function workMs({ operation, ...task }: WorkerTask, isLast: boolean): number {
  if (operation === "part-update") return 0;
  if (operation === "stage-forward") return hopMs + forwardMs;
  expect(operation).toBe("stage-backward");
  expect("file" in task).toBe(true);
  return hopMs + (isLast ? forwardMs + backwardMs : backwardMs);
}

async function stepOf(stages: number, microbatches: number) {
  const spec = pipelineSpec(
    { stages, microbatches, batch: 40 },
    { stop: { rounds: 1, tolerance: 0 } },
    "deep.ts",
  );
  const { record, store } = await staged(spec);
  const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
  const encoded = await readEncodedManifest<Encoded>(store, record.encoded);
  const work = createWorker(store, () => 0, stages);
  const clock = virtualClock();
  let billedMs = 0;
  const compute = simulatedCompute<WorkerTask, WorkerReply>({
    clock,
    perform: (task) => work(workerRequestOf(record, task)),
    workMs: (task) => workMs(task, task.slot === stages - 1),
    fateOf: () => noFault,
    bytesDown: () => 1,
    bytesUp: () => 1,
  });
  const end = await runLoop(
    openTraining(record.spec, { prepared, encoded }, { largestEigenvalue: 0 }),
    {
      compute,
      clock,
      emit(event) {
        if (event.type === "arrival") billedMs += event.usage.billedMs;
      },
      save: () => undefined,
      mayStop: () => null,
    },
  );
  return { makespanMs: end.elapsedMs, billedMs };
}

it("takes (m + p - 1)(f + b) and the hops of the way, on the virtual clock", async () => {
  for (const [stages, microbatches] of [
    [2, 4],
    [4, 8],
    [8, 32],
  ] as const) {
    const { makespanMs } = await stepOf(stages, microbatches);
    const ideal = (microbatches + stages - 1) * (forwardMs + backwardMs);
    const hops = 2 * (microbatches + stages - 1) * hopMs;
    expect(makespanMs / (ideal + hops)).toBeGreaterThan(0.9);
    expect(makespanMs / (ideal + hops)).toBeLessThan(1.1);
    // The control: one task after another.
    expect(makespanMs).toBeLessThan((stages * microbatches * (forwardMs + backwardMs)) / 1.5);
  }
});

it("is billed for what computes, and not for waiting", async () => {
  const few = await stepOf(4, 4);
  const many = await stepOf(4, 20);
  // As much work in finer parts: a fifth of the time for a fifth of the rows.
  const work = (billedMs: number, microbatches: number) => billedMs / microbatches;
  expect(work(many.billedMs, 20) / work(few.billedMs, 4)).toBeGreaterThan(0.95);
  expect(work(many.billedMs, 20) / work(few.billedMs, 4)).toBeLessThan(1.05);
  expect(many.makespanMs / 20).toBeLessThan((0.75 * few.makespanMs) / 4);
});

it("four stages take at most 0.4 of one worker that recomputes as well", async () => {
  const { makespanMs } = await stepOf(4, 16);
  // One worker does every stage's work, and has no way to go.
  const oneWorkerMs = 4 * 16 * (forwardMs + backwardMs);
  expect(forwardMs + backwardMs).toBeGreaterThan(10 * hopMs);
  expect(makespanMs / oneWorkerMs).toBeLessThan(0.4);
});
