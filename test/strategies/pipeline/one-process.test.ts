import { expect, it } from "vitest";
import type { ObjectRef } from "../../../src/ports/object-ref.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import { campaign } from "../../campaign.ts";
import { inOnePiece, pipelined, pipelineSpec } from "./pipelined.ts";

const optimizers = [
  { type: "sgd", learningRate: 0.3, momentum: 0.9 },
  { type: "adam", learningRate: 0.05 },
  { type: "adamw", learningRate: 0.05, weightDecay: 0.1 },
  { type: "nadamw", learningRate: 0.05, weightDecay: 0.1, clip: 0.5 },
  { type: "schedule-free", learningRate: 0.05 },
  { type: "muon", learningRate: 0.02, otherRate: 0.05 },
  { type: "adam", learningRate: 0.05, clip: 0.2 },
  { type: "mada", learningRate: 0.02, delay: 2, hyperLearningRate: 1 },
];

const rounds = campaign(4, 20);

it.each(optimizers)("steps of $type come to what one process comes to", async (optimizer) => {
  const more = { optimizer, stop: { rounds, tolerance: 0 } };
  const { weights: aim } = await inOnePiece(pipelineSpec({}, more));
  for (const [stages, microbatches] of [
    [1, 1],
    [2, 3],
    [3, 7],
    [4, 5],
  ]) {
    const spec = pipelineSpec({ stages, microbatches, batch: "all" }, more);
    const { weights } = await (await pipelined(spec)).run("one");
    const largest = Math.max(...aim.map(Math.abs));
    const farthest = Math.max(...aim.map((weight, i) => Math.abs(weight - weights[i]!)));
    expect(farthest / largest).toBeLessThan(1e-5);
  }
});

/** The largest difference of any weight, in units of the largest weight. */
function distance(aim: Float32Array, weights: Float32Array): number {
  const apart = aim.map((weight, i) => Math.abs(weight - weights[i]!));
  return Math.max(...apart) / Math.max(...aim.map(Math.abs));
}

it("a stage that is served the weights of the step before would come elsewhere", async () => {
  const more = { stop: { rounds: 5, tolerance: 0 } };
  const { run } = await pipelined(pipelineSpec({ batch: "all" }, more));
  const before = new Map<number, readonly ObjectRef[]>();
  let served = 0;
  const stale = await run("stale", {
    worker: (perform) => (task) => {
      const { operation } = task;
      const isPass = operation === "stage-forward" || operation === "stage-backward";
      if (!isPass || !task.node.includes("/stage-1/")) return perform(task);
      before.set(task.step, task.parts);
      const parts = before.get(task.step - 1);
      if (parts === undefined) return perform(task);
      served++;
      return perform({ ...task, parts } as WorkerTask);
    },
  });
  expect(served).toBe(4 * 8);
  expect(distance((await run("right")).weights, stale.weights)).toBeGreaterThan(1e-2);
});

it("a shared weight counted twice in the norm that clips would come elsewhere", async () => {
  // A step as long as the norm lets it be: no moments that make up for a factor.
  const optimizer = { type: "sgd", learningRate: 0.3, clip: 0.05 };
  const more = { optimizer, stop: { rounds: 5, tolerance: 0 } };
  // The layer that is used twice is on two stages, wherever measured times would have cut.
  const spec = pipelineSpec({ placement: "first tied | middle | ...", batch: "all" }, more);
  const { weights: aim } = await inOnePiece(spec);
  const { run } = await pipelined(spec);
  let counted = 0;
  const twice = await run("twice", {
    worker: (perform) => async (task) => {
      const reply = await perform(task);
      const isShared = task.operation === "part-sums" && task.uses.length > 1;
      if (!isShared) return reply;
      counted++;
      return { ...reply, values: reply.values.map((sum) => 2 * sum) };
    },
  });
  expect(counted).toBeGreaterThan(0);
  expect(distance(aim, (await run("once")).weights)).toBeLessThan(1e-5);
  expect(distance(aim, twice.weights)).toBeGreaterThan(1e-3);
});
