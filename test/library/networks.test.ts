import { join } from "node:path";
import * as layers from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type SpecInCode, train } from "../../src/index.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import type { Builder } from "../../src/tfjs/model-source.ts";
import { newFolder } from "../cli/fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  await openTensorBackend("auto");
});
afterAll(() => folder.remove());

const rows = Array.from({ length: 60 }, (_, i) => ({ x: i % 8, z: (i * 5) % 7, y: 2 * (i % 8) }));
const spec = (model: unknown, rounds: number): SpecInCode => ({
  problem: { type: "network", model: model as Builder, loss: "meanSquaredError" },
  data: { rows, target: "y", standardize: false },
  workers: 2,
  wait: "all",
  encoding: "uncoded",
  optimizer: { type: "adam", learningRate: 0.05 },
  stop: { rounds, tolerance: 0 },
});

const build: Builder = ({ tf }) =>
  tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, activation: "relu", inputShape: [2], name: "hidden" }),
      tf.layers.dense({ units: 1, name: "out" }),
    ],
  });

it("a builder in code trains, and its model predicts", async () => {
  const trained = await train(spec(build, 30), { backend: "simulated", home });
  const again = await train(spec(build, 30), { backend: "simulated", home });
  expect(again.result.weightsDigest).toBe(trained.result.weightsDigest);
  const [{ value } = { value: Number.NaN }] = await (await trained.model()).predict([
    { x: 3, z: 1 },
  ]);
  expect(Number.isFinite(value)).toBe(true);
});

it("a model in hand is where training starts", async () => {
  const model = layers.sequential({
    layers: [layers.layers.dense({ units: 1, inputShape: [2], name: "out" })],
  });
  const start = await train(spec(model, 0), { backend: "simulated", home });
  const [kernel, bias] = model.getWeights().map((weight) => weight.dataSync());
  const predicted = await (await start.model()).predict(rows);
  for (const [i, { x, z }] of rows.entries())
    expect(predicted[i]!.value).toBeCloseTo(kernel![0]! * x + kernel![1]! * z + bias![0]!, 4);
  const other = await train(spec(model, 5), { backend: "simulated", home });
  expect(other.result.objective).toBeLessThan(start.result.objective!);
  model.dispose();
});
