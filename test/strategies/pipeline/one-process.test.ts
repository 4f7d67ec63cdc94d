import { expect, it } from "vitest";
import { campaign } from "../../campaign.ts";
import { inOnePiece, pipelined, pipelineSpec } from "./pipelined.ts";

const optimizers = [
  { type: "sgd", learningRate: 0.3, momentum: 0.9 },
  { type: "adam", learningRate: 0.05 },
  { type: "adamw", learningRate: 0.05, weightDecay: 0.1 },
  { type: "schedule-free", learningRate: 0.05 },
  { type: "muon", learningRate: 0.02, otherRate: 0.05 },
  { type: "adam", learningRate: 0.05, clip: 0.2 },
  { type: "mada", learningRate: 0.02, delay: 2, hyperLearningRate: 1 },
];

const rounds = campaign(7, 20);

it.each(optimizers)("steps of $type come to what one process comes to", async (optimizer) => {
  const more = { optimizer, stop: { rounds, tolerance: 0 } };
  const { weights: aim } = await inOnePiece(pipelineSpec({}, more));
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
});

it("a shared weight counted twice in the norm that clips would come elsewhere", async () => {
  // A step as long as the norm lets it be: no moments that make up for a factor.
  const optimizer = { type: "sgd", learningRate: 0.3, clip: 0.05 };
  const more = { optimizer, stop: { rounds: 5, tolerance: 0 } };
  const spec = pipelineSpec({ stages: 3, batch: "all" }, more);
  const { weights: aim } = await inOnePiece(spec);
  const { run } = await pipelined(spec);
  const distance = (weights: Float32Array) => {
    const apart = aim.map((weight, i) => Math.abs(weight - weights[i]!));
    return Math.max(...apart) / Math.max(...aim.map(Math.abs));
  };
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
  expect(distance((await run("once")).weights)).toBeLessThan(1e-5);
  expect(distance(twice.weights)).toBeGreaterThan(1e-3);
});
