import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { partOf } from "../../src/testing/exact-examples.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import type { Engine } from "../../src/tfjs/engine.ts";
import { examplesOf } from "../problems/networks.ts";
import { engineOf, models } from "./models.ts";

const { layers } = tf;

beforeAll(async () => {
  await openTensorBackend("wasm");
});

const five = (random: { integer(below: number): number }) => random.integer(5);

const chain = (activation: "relu" | "tanh" | "sigmoid", useBias: boolean) =>
  tf.sequential({
    layers: [
      layers.dense({ units: 9, activation, useBias, inputShape: [7] }),
      layers.dense({ units: 6, activation }),
      layers.dense({ units: 5, activation: "softmax", useBias }),
    ],
  });

const fused: [string, () => tf.LayersModel][] = [
  ["relu", () => chain("relu", true)],
  ["tanh, no biases", () => chain("tanh", false)],
  ["sigmoid", () => chain("sigmoid", true)],
];

/** Row by row with the ordinary gradient, each scaled to the norm. */
function byHand(engine: Engine, examples: Examples, weights: Float32Array, clip: number) {
  const sum = new Float64Array(weights.length);
  for (let row = 0; row < examples.targets.length; row++) {
    const own = new Float64Array(weights.length);
    engine.lossAndGradient(partOf(examples, row, row + 1), weights, own);
    const factor = Math.min(1, clip / Math.hypot(...own));
    for (let i = 0; i < own.length; i++) sum[i]! += factor * own[i]!;
  }
  return sum;
}

const norm = (vector: Float64Array) => Math.hypot(...vector);

function expectTextbook(engine: Engine, examples: Examples) {
  const weights = engine.initial(randomFrom("start"));
  const largest = norm(byHand(engine, examples, weights, 1e9));
  for (const clip of [largest / 500, largest / 20, 2 * largest]) {
    const clipped = new Float64Array(weights.length);
    engine.addClipped(examples, weights, clip, clipped);
    const expected = byHand(engine, examples, weights, clip);
    const apart = norm(clipped.map((value, i) => value - expected[i]!));
    expect(apart).toBeLessThan(3e-6 * (1 + norm(expected)));
    // Not the sum that is clipped as a whole, nor none at all.
    expect(norm(clipped)).toBeLessThanOrEqual(examples.targets.length * clip);
  }
}

describe("chains of dense layers, their rows' norms without their gradients", () => {
  test.each(fused)("%s: the textbook's loop over rows", async (_name, build) => {
    const engine = await engineOf(build(), "wasm", "auto");
    expect(engine.isFused).toBe(true);
    expectTextbook(engine, examplesOf(30, 7, five));
  });

  test.each(fused)(
    "%s: a row's part is the same to doubles' rounding whoever is with it",
    async (_name, build) => {
      const engine = await engineOf(build(), "wasm", "auto");
      const weights = engine.initial(randomFrom("start"));
      for (const count of [2, 5, 8, 17, 300]) {
        const examples = examplesOf(count, 7, five);
        const together = new Float64Array(weights.length);
        engine.addClipped(examples, weights, 0.2, together);
        const apart = new Float64Array(weights.length);
        for (let row = 0; row < count; row++)
          engine.addClipped(partOf(examples, row, row + 1), weights, 0.2, apart);
        // Floats that hung on who else is there would be 1e-7 apart.
        const off = norm(together.map((value, i) => value - apart[i]!));
        expect(off).toBeLessThan(1e-13 * count);
      }
    },
  );

  test("a row moves the sum by the norm at most, however wild, and by almost it", async () => {
    const engine = await engineOf(chain("relu", true), "wasm", "auto");
    const weights = engine.initial(randomFrom("start"));
    const examples = examplesOf(20, 7, five);
    const without = new Float64Array(weights.length);
    engine.addClipped(partOf(examples, 1, 20), weights, 0.5, without);
    const moves = [1, 1e3, 1e12, 3e38, Number.NaN].map((scale) => {
      const wild = partOf(examples, 0, 20);
      for (let j = 0; j < 7; j++) wild.rows.values[j]! *= scale;
      const sum = new Float64Array(weights.length);
      engine.addClipped(wild, weights, 0.5, sum);
      return norm(sum.map((value, i) => value - without[i]!));
    });
    expect(Math.max(...moves)).toBeLessThanOrEqual(0.5 * (1 + 1e-12));
    expect(Math.max(...moves)).toBeGreaterThan(0.999 * 0.5);
    expect(moves.at(-1)).toBeLessThan(1e-12);
  });
});

describe("other layers, row by row", () => {
  const others = ["a depthwise net", "an embedding model", "an LSTM", "an attention block"];
  test.each(others)("%s", async (name) => {
    const engine = await engineOf(models[name]!(), "wasm");
    const columns = name === "a depthwise net" ? 36 : 6;
    const examples = examplesOf(3, columns, five);
    if (columns === 6)
      for (let i = 0; i < examples.rows.values.length; i++) examples.rows.values[i] = i % 7;
    expectTextbook(engine, examples);
  });

  test("dropout drops the same units of every row: one more changes no other's part", async () => {
    const model = tf.sequential({
      layers: [
        layers.dense({ units: 8, activation: "tanh", inputShape: [7] }),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 5 }),
      ],
    });
    const engine = await engineOf(model, "wasm", "auto");
    expect(engine.isFused).toBe(false);
    const weights = engine.initial(randomFrom("start"));
    const examples = examplesOf(4, 7, five);
    const of = (from: number, to: number, label: string) => {
      const sum = new Float64Array(weights.length);
      engine.addClipped(partOf(examples, from, to), weights, 0.1, sum, randomFrom(label));
      return sum;
    };
    const last = of(3, 4, "round 1");
    const all = of(0, 4, "round 1");
    const first = of(0, 3, "round 1");
    expect(norm(all.map((value, i) => value - first[i]! - last[i]!))).toBeLessThan(1e-12);
    expect(of(3, 4, "round 2")).not.toEqual(last);
  });

  test("a layer that carries something from row to row is refused", async () => {
    const model = tf.sequential({
      layers: [
        layers.embedding({ inputDim: 7, outputDim: 4, inputLength: 6, batchInputShape: [1, 6] }),
        layers.lstm({ units: 4, stateful: true }),
        layers.dense({ units: 5 }),
      ],
    });
    const engine = await engineOf(model, "wasm");
    const weights = engine.initial(randomFrom("start"));
    const sum = new Float64Array(weights.length);
    expect(() => engine.addClipped(examplesOf(1, 6, five), weights, 1, sum)).toThrow("stateful");
  });
});
