import * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { openTensorBackend, useBackend } from "../../src/tfjs/backend.ts";
import { causalAttention } from "../../src/tfjs/kernels/attention.ts";
import { currentInPlace } from "../../src/tfjs/kernels/in-place.ts";
import { fuseLayers } from "../../src/tfjs/layers/fused-layers.ts";

beforeAll(async () => useBackend(await openTensorBackend("wasm")));

function normals(shape: number[], label: string): tf.Tensor {
  const random = randomFrom(label);
  const length = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length }, () => random.normal()),
    shape,
  );
}

/** Every number, negative zeros told apart. */
const bitsOf = (tensor: tf.Tensor) => [...new Uint32Array(tensor.dataSync().slice().buffer)];

/** Bits of a value, and of the slopes of its sum times some numbers. */
function passOf(of: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): number[][] {
  const value = of(...inputs);
  const slopes = tf.grads(of)(inputs, normals(value.shape, "slopes"));
  return [value, ...slopes].map(bitsOf);
}

describe("layer normalization in one kernel", () => {
  test.each([
    { shape: [3, 5, 8] },
    { shape: [2, 4, 64] },
    { shape: [1, 1, 3] },
    { shape: [7, 13], center: false },
    { shape: [2, 3, 2, 6], scale: false },
  ])("has the bits of TensorFlow.js's own, forward and back: %j", ({ shape, ...config }) => {
    const weights = ["gamma", "beta"].map((name) => normals([shape.at(-1)!], name));
    const [own, stock] = [config, {}].map((given) => {
      const layer = layers.layerNormalization(given);
      layer.build(shape);
      return layer;
    });
    const { scale = true, center = true } = config;
    const constant = [tf.ones([shape.at(-1)!]), tf.zeros([shape.at(-1)!])];
    own!.setWeights(weights.filter((_, i) => [scale, center][i]));
    // TensorFlow.js itself cannot be differentiated without one of them.
    stock!.setWeights(weights.map((one, i) => ([scale, center][i] ? one : constant[i]!)));
    fuseLayers({ layers: [own!] });
    const x = normals(shape, "x");
    const [mine, theirs] = [own!, stock!].map((layer) => {
      // What a variable has as its slopes is asked for by its value.
      const variables = layer.weights.flatMap((weight) => {
        const isThere = weight.originalName === "gamma" ? scale : center;
        return isThere ? [weight.read() as tf.Variable] : [];
      });
      const whole = () =>
        tf.sum(tf.mul(layer.apply(x) as tf.Tensor, normals(shape, "slopes"))) as tf.Scalar;
      const { grads } = tf.variableGrads(whole, variables);
      const ofWeights = variables.map(({ name }) => bitsOf(grads[name]!));
      // Others use what goes in as well: slopes add up in the same order.
      const shared = (one: tf.Tensor) =>
        tf.add(tf.mul(one, 0.3), tf.add(layer.apply(one) as tf.Tensor, tf.square(one)));
      return [...passOf(shared, [x]), ...ofWeights];
    });
    expect(mine).toEqual(theirs);
  });

  test("of another axis stays with TensorFlow.js", () => {
    const layer = layers.layerNormalization({ axis: 1 });
    fuseLayers({ layers: [layer] });
    const means = tf.mean(layer.apply(normals([2, 5, 3], "x")) as tf.Tensor, 1);
    for (const mean of means.dataSync()) expect(Math.abs(mean)).toBeLessThan(1e-6);
  });
});

describe("causal attention in one kernel", () => {
  test.each([
    [1, 1, 1, 4],
    [2, 8, 2, 8],
    [2, 13, 3, 5],
    [1, 64, 4, 16],
    [3, 6, 1, 20],
  ])("of %i images, %i positions, %i heads of %i has the bits of whole products", (...sizes) => {
    const [images, positions, heads, side] = sizes;
    const about = { images, positions, heads, side };
    const joint = normals([images * positions, 3 * heads * side], "joint");
    const memory = currentInPlace()!;
    const own = passOf((x) => causalAttention(memory, x, about), [joint]);
    const stock = passOf((x) => composed(x, about), [joint]);
    expect(own).toEqual(stock);
  });

  test("leaves nothing in the backend's memory", () => {
    const about = { images: 2, positions: 5, heads: 2, side: 3 };
    const joint = normals([10, 18], "joint");
    const before = tf.engine().backend.numDataIds();
    const once = () => causalAttention(currentInPlace()!, joint, about);
    tf.tidy(() => void tf.grads(() => tf.add(once(), tf.sum(joint)))([joint]));
    expect(tf.engine().backend.numDataIds()).toBe(before);
  });
});

interface Heads {
  readonly images: number;
  readonly positions: number;
  readonly heads: number;
  readonly side: number;
}

/** The same by TensorFlow.js's operations. */
function composed(joint: tf.Tensor, { images, positions, heads, side }: Heads): tf.Tensor {
  const split = tf.reshape(joint, [images, positions, 3, heads, side]);
  const [q, k, v] = tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const hidden = new Float32Array(positions * positions);
  for (let i = 0; i < positions; i++) hidden.fill(-1e9, i * positions + i + 1, (i + 1) * positions);
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(side));
  const seen = tf.softmax(tf.add(scores, tf.tensor(hidden, [1, 1, positions, positions])));
  const mixed = tf.transpose(tf.matMul(seen, v), [0, 2, 1, 3]);
  return tf.reshape(mixed, [images * positions, heads * side]);
}

describe("products that begin with a bias", () => {
  test.each([
    [5, 7, 3],
    [64, 600, 24],
    [9, 256, 65],
  ])("of %i x %i by %i have the bits of terms added to it one after another", (m, k, n) => {
    const [a, b] = [normals([m, k], "a"), normals([k, n], "b")] as [tf.Tensor2D, tf.Tensor2D];
    const bias = normals([n], "bias");
    const [left, right, start] = [a, b, bias].map((one) => one.dataSync()) as Float32Array[];
    const known = new Float32Array(m * n);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = start![j]!;
        for (let p = 0; p < k; p++)
          sum = Math.fround(sum + Math.fround(left![i * k + p]! * right![p * n + j]!));
        known[i * n + j] = sum;
      }
    const found = tf.fused.matMul({ a, b, bias, activation: "linear" });
    expect(bitsOf(found)).toEqual([...new Uint32Array(known.buffer)]);
  });

  test.each([
    [784, 64, 12, true, false],
    [13, 300, 21, true, true],
    [6, 261, 9, false, true],
  ])("%i x %i by %i, turned %j and %j, add terms in their order", (m, k, n, isA, isB) => {
    const a = normals(isA ? [k, m] : [m, k], "a") as tf.Tensor2D;
    const b = normals(isB ? [n, k] : [k, n], "b") as tf.Tensor2D;
    const [left, right] = [a, b].map((one) => one.dataSync()) as [Float32Array, Float32Array];
    const known = Float32Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = 0;
      for (let p = 0; p < k; p++) {
        const x = left[isA ? p * m + i : i * k + p]!;
        sum = Math.fround(sum + Math.fround(x * right[isB ? j * k + p : p * n + j]!));
      }
      return sum;
    });
    expect(bitsOf(tf.matMul(a, b, isA, isB))).toEqual([...new Uint32Array(known.buffer)]);
  });
});

test("slopes through relu are those of a product with ones and zeros", () => {
  const x = tf.mul(normals([3, 7], "x"), tf.tensor([1, 0, -0, 1, 1, 1, 1]));
  const [own] = tf.grads(tf.relu as (one: tf.Tensor) => tf.Tensor)([x], normals([3, 7], "slopes"));
  const stock = tf.mul(normals([3, 7], "slopes"), tf.cast(tf.step(x), "float32"));
  expect(bitsOf(own!)).toEqual(bitsOf(stock));
});
