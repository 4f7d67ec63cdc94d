import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, expect, test } from "vitest";
import { openTensorBackend } from "../../../src/tfjs/backend.ts";
import { adam, mada, sgd } from "../../../src/tfjs/optimizers/public.ts";

afterAll(() => openTensorBackend("cpu"));

test.each([
  [
    "adam",
    () => tf.train.adam(0.05, 0.9, 0.99, 1e-8),
    () => adam({ learningRate: 0.05, beta2: 0.99 }),
  ],
  [
    "mada at Adam's point",
    () => tf.train.adam(0.05, 0.9, 0.99, 1e-8),
    () => mada({ learningRate: 0.05, beta2: 0.99, epsilon: 1e-8, rho: 1, freeze: "all" }),
  ],
  [
    "Nesterov's momentum",
    () => tf.train.momentum(0.02, 0.9, true),
    () => sgd({ learningRate: 0.02, momentum: 0.9, nesterov: true }),
  ],
  ["plain descent", () => tf.train.sgd(0.05), () => sgd({ learningRate: 0.05 })],
])("%s is TensorFlow.js's own, but for its rounding", async (_name, stock, own) => {
  await openTensorBackend("cpu");
  const [theirs, ours] = [walk(stock()), walk(own())];
  for (const [i, value] of ours.entries()) expect(Math.abs(value - theirs[i]!)).toBeLessThan(2e-5);
  expect(Math.abs(ours[0]! - 1)).toBeGreaterThan(0.1);
});

test("on the WASM backend steps are those of the plain one, to the bit", async () => {
  const options = { learningRate: 0.05, delay: 2, gamma: 0.9, beta3: 0.1 };
  await openTensorBackend("cpu");
  const plain = walk(mada(options));
  await openTensorBackend("wasm");
  expect(tf.getBackend()).toBe("wasm");
  expect(walk(mada(options))).toEqual(plain);
});

/** Thirty steps along gradients that are made here, so that no backend has a part in them. */
function walk(optimizer: tf.Optimizer): number[] {
  const variable = tf.variable(tf.tensor([1, -2, 0.5, 0.25]));
  for (let t = 1; t <= 30; t++) {
    const values = variable.dataSync();
    const gradient = Array.from(values, (value, i) => Math.fround(value * (1 + i)));
    tf.tidy(() => optimizer.applyGradients({ [variable.name]: tf.tensor(gradient) }));
  }
  const end = [...variable.dataSync()];
  variable.dispose();
  return end;
}
