import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Random, randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { completeWasm } from "../../src/tfjs/kernels/complete-wasm.ts";
import { engineOf, models } from "./models.ts";

const rows = 9;

beforeAll(() => openTensorBackend("cpu"));

/** Tokens for those that look them up, numbers for the others. */
function examplesFor(name: string, random: Random): Examples {
  const isText = /embedding|LSTM|attention/.test(name);
  const columns = isText ? 6 : 36;
  const values = Float32Array.from({ length: rows * columns }, () =>
    isText ? random.integer(7) : random.normal(),
  );
  const targets = Float32Array.from({ length: rows }, () => random.integer(5));
  return { rows: { kind: "dense", rows, columns, values }, targets };
}

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

describe.each(Object.entries(models))("on the completed WASM backend, %s", (name, build) => {
  it("trains to what the plain backend computes, within 1e-5 a row", async () => {
    const examples = examplesFor(name, randomFrom(name));
    const model = build();
    const wasm = await engineOf(model, "wasm");
    const plain = await engineOf(model, "cpu");
    const weights = wasm.initial(randomFrom(5));
    expect(apart(weights, plain.initial(randomFrom(5)))).toBeLessThan(1e-6);
    const [a, b] = [wasm, plain].map((engine) => {
      const gradient = new Float64Array(weights.length);
      const loss = engine.lossAndGradient(examples, weights, gradient, randomFrom("draws"));
      return { loss, gradient, outputs: engine.outputs(examples.rows, weights) };
    });
    expect(Math.abs(a!.loss - b!.loss)).toBeLessThan(rows * 1e-5);
    expect(apart(a!.outputs, b!.outputs)).toBeLessThan(1e-5);
    expect(apart(a!.gradient, b!.gradient)).toBeLessThan(rows * 1e-5);
    expect(a!.gradient.some((slope) => Math.abs(slope) > 1e-3)).toBe(true);
  });
});

describe("without what completes it", () => {
  afterEach(() => completeWasm());

  it.each([
    ["a convolutional net", "Conv2DBackpropFilter"],
    ["a depthwise net", "DepthwiseConv2dNativeBackpropFilter"],
    ["an embedding model", "UnsortedSegmentSum"],
  ])("the stock backend cannot train %s", async (name, kernel) => {
    const engine = await engineOf(models[name]!(), "wasm");
    const weights = engine.initial(randomFrom(5));
    tf.unregisterKernel(kernel, "wasm");
    const gradient = new Float64Array(weights.length);
    const train = () => engine.lossAndGradient(examplesFor(name, randomFrom(1)), weights, gradient);
    expect(train).toThrow(`'${kernel}' not registered`);
  });
});

it("a pool over negative numbers has its slopes on WASM as on the plain backend", async () => {
  const numbers = Float32Array.from({ length: 2 * 6 * 6 * 4 }, (_, i) => -2 - Math.sin(7 * i));
  const slopes: Float32Array[] = [];
  for (const backend of ["wasm", "cpu"] as const) {
    await openTensorBackend(backend);
    await tf.setBackend(backend);
    for (const [size, stride] of [
      [2, 2],
      [3, 1],
      [1, 1],
    ] as const) {
      const pooled = (x: tf.Tensor) =>
        tf.sum(tf.square(tf.maxPool(x as tf.Tensor4D, size, stride, "same")));
      const found = tf.grad(pooled)(tf.tensor(numbers, [2, 6, 6, 4]));
      slopes.push(found.dataSync() as Float32Array);
    }
  }
  for (const [i, values] of slopes.slice(0, 3).entries())
    expect(apart(values, slopes[3 + i]!)).toBeLessThan(1e-5);
  expect(slopes[2]!.every((slope) => slope < 0)).toBe(true);
});

it.each([1, 3, 6])(
  "a pool of %i channels gives its slope to the first largest number",
  async (n) => {
    await openTensorBackend("wasm");
    await tf.setBackend("wasm");
    // Windows of 2 x 2 side by side; whole numbers from 0 to 2, so that several are the largest.
    const x = Float32Array.from({ length: 3 * 4 * 6 * n }, (_, i) => (i * 7 + (i >> 3)) % 3);
    const known = new Float32Array(x.length);
    const at = (image: number, y: number, i: number, channel: number) =>
      ((image * 4 + y) * 6 + i) * n + channel;
    for (let image = 0; image < 3; image++)
      for (let y = 0; y < 4; y += 2)
        for (let i = 0; i < 6; i += 2)
          for (let channel = 0; channel < n; channel++) {
            const window = [0, 1, 2, 3].map((k) => at(image, y + (k >> 1), i + (k & 1), channel));
            const largest = Math.max(...window.map((one) => x[one]!));
            known[window.find((one) => x[one] === largest)!] = 1;
          }
    const pooled = (of: tf.Tensor) => tf.sum(tf.maxPool(of as tf.Tensor4D, 2, 2, "valid"));
    const found = tf.grad(pooled)(tf.tensor(x, [3, 4, 6, n]));
    expect(found.dataSync()).toEqual(known);
  },
);

describe("einsum on WASM", () => {
  it.each([
    ["ij,jk->ik", [3, 4], [4, 2]],
    ["bij,bjk->bik", [2, 3, 4], [2, 4, 5]],
    ["abc,cd->abd", [2, 3, 4], [4, 5]],
    ["ij,j->i", [3, 4], [4]],
    ["aecd,abcd->acbe", [2, 3, 4, 5], [2, 6, 4, 5]],
  ])("%s is what the plain backend makes of it, its gradient too", async (equation, a, b) => {
    const random = randomFrom(equation);
    const numbers = (shape: number[]) =>
      Float32Array.from({ length: shape.reduce((x, y) => x * y, 1) }, () => random.normal());
    const left = numbers(a);
    const right = numbers(b);
    const results: Float32Array[][] = [];
    for (const backend of ["wasm", "cpu"] as const) {
      await openTensorBackend(backend);
      await tf.setBackend(backend);
      const sums = (x: tf.Tensor, y: tf.Tensor) =>
        tf.sum(tf.square(tf.einsum(equation, x, y))) as tf.Scalar;
      const inputs = [tf.tensor(left, a), tf.tensor(right, b)];
      const value = tf.einsum(equation, ...inputs);
      const slopes = tf.grads(sums as never)(inputs);
      results.push([value, ...slopes].map((tensor) => tensor.dataSync() as Float32Array));
    }
    for (const [i, values] of results[0]!.entries())
      expect(apart(values, results[1]![i]!)).toBeLessThan(1e-3);
  });
});

it.each(["wasm", "cpu"] as const)(
  "on %s the gradient of a look-up is that of a product with ones in the rows' places",
  async (backend) => {
    await openTensorBackend(backend);
    await tf.setBackend(backend);
    const sines = (rows: number) =>
      tf.tensor2d(
        Float32Array.from({ length: 5 * rows }, (_, i) => Math.sin(i)),
        [rows, 5],
      );
    const ids = tf.tensor1d([3, 0, 3, 3, 11, 7, 0], "int32");
    const gradient = (rowsOf: (table: tf.Tensor) => tf.Tensor) =>
      tf
        .grad((table: tf.Tensor) => tf.sum(tf.mul(rowsOf(table), sines(7))))(sines(12))
        .dataSync();
    const ones = tf.cast(tf.oneHot(ids, 12), "float32");
    const looked = gradient((table) => tf.gather(table, ids));
    const product = gradient((table) => tf.matMul(ones, table));
    expect(apart(looked as Float32Array, product as Float32Array)).toBeLessThan(1e-6);
    expect(looked[5]).toBe(0);
  },
);
