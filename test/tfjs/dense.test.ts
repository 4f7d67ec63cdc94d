import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { tensorCount } from "../../src/tfjs/open-model.ts";
import { engineOf, models } from "./models.ts";

const { dense, flatten, activation, dropout } = tf.layers;

beforeAll(() => openTensorBackend("wasm"));

const chains: Readonly<Record<string, () => tf.LayersModel>> = {
  "two layers, relu and softmax": () =>
    tf.sequential({
      layers: [
        dense({ units: 13, activation: "relu", inputShape: [17] }),
        dense({ units: 10, activation: "softmax" }),
      ],
    }),
  "one layer": () => tf.sequential({ layers: [dense({ units: 3, inputShape: [5] })] }),
  "every activation, without a bias, rows as images": () =>
    tf.sequential({
      layers: [
        flatten({ inputShape: [4, 4] }),
        dense({ units: 9, activation: "tanh", useBias: false }),
        dense({ units: 16, activation: "sigmoid" }),
        dense({ units: 8 }),
        activation({ activation: "relu" }),
        dense({ units: 4 }),
      ],
    }),
};

function examplesFor(model: tf.LayersModel, rows: number): Examples {
  const random = randomFrom(rows);
  const columns = model.inputs[0]!.shape.slice(1).reduce<number>((a, b) => a * Number(b), 1);
  const classes = Number(model.outputs[0]!.shape.at(-1));
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  const targets = Float32Array.from({ length: rows }, () => random.integer(classes));
  return { rows: { kind: "dense", rows, columns, values }, targets };
}

describe.each(Object.entries(chains))("a chain of dense layers, %s", (_, build) => {
  it.each([1, 6, 300])("over %i rows is what TensorFlow.js computes, to 1e-5", async (rows) => {
    const model = build();
    const examples = examplesFor(model, rows);
    const fused = await engineOf(model, "wasm", "auto");
    const stock = await engineOf(model, "wasm", "tfjs");
    expect([fused.isFused, stock.isFused]).toEqual([true, false]);
    const weights = fused.initial(randomFrom(3));
    expect(weights).toEqual(stock.initial(randomFrom(3)));
    const [a, b] = [fused, stock].map((engine) => {
      const gradient = new Float64Array(weights.length);
      const loss = engine.lossAndGradient(examples, weights, gradient) / rows;
      const mean = gradient.map((slope) => slope / rows);
      return { loss, mean, outputs: engine.outputs(examples.rows, weights) };
    });
    expect(Math.abs(a!.loss - b!.loss)).toBeLessThan(1e-5);
    for (const [i, slope] of a!.mean.entries())
      expect(Math.abs(slope - b!.mean[i]!)).toBeLessThan(1e-5);
    for (const [i, output] of a!.outputs.entries())
      expect(Math.abs(output - b!.outputs[i]!)).toBeLessThan(1e-5);
  });
});

describe("other networks", () => {
  it.each([
    ["with dropout", [dense({ units: 4, inputShape: [5] }), dropout({ rate: 0.5 })]],
    [
      "with a penalty",
      [dense({ units: 4, inputShape: [5], kernelRegularizer: tf.regularizers.l2() })],
    ],
    ["over sequences", [dense({ units: 4, inputShape: [3, 5] })]],
    ["with another activation", [dense({ units: 4, inputShape: [5], activation: "elu" })]],
  ])("%s stay with TensorFlow.js", async (_, layers) => {
    const engine = await engineOf(tf.sequential({ layers }), "wasm", "auto");
    expect(engine.isFused).toBe(false);
  });
});

it("computing leaves no tensors behind", async () => {
  const model = models["a convolutional net"]!();
  const engine = await engineOf(model, "wasm");
  const examples = examplesFor(model, 5);
  const weights = engine.initial(randomFrom(1));
  const gradient = new Float64Array(weights.length);
  engine.lossAndGradient(examples, weights, gradient);
  const before = tensorCount();
  for (let i = 0; i < 3; i++) engine.lossAndGradient(examples, weights, gradient);
  engine.outputs(examples.rows, weights);
  engine.initial(randomFrom(2));
  expect(tensorCount()).toBe(before);
});
