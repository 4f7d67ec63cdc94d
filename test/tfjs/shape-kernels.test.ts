import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { openTensorBackend, useBackend } from "../../src/tfjs/backend.ts";

/** What the same operation gives on both backends, with its gradient's. */
async function onBoth(shape: number[], operate: (x: tf.Tensor) => tf.Tensor) {
  const random = randomFrom(`moves/${shape}`);
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
    random.normal(),
  );
  const told = [];
  for (const name of ["cpu", "wasm"] as const) {
    useBackend(await openTensorBackend(name));
    const x = tf.tensor(values, shape);
    const out = operate(x);
    const weights = tf.tensor(
      Float32Array.from({ length: out.size }, (_, i) => i % 7),
      out.shape,
    );
    const slope = tf.grad((at: tf.Tensor) => tf.sum(tf.mul(operate(at), weights)))(x);
    told.push({ shape: out.shape, out: await out.data(), slope: await slope.data() });
  }
  return told as [(typeof told)[0], (typeof told)[0]];
}

beforeAll(() => openTensorBackend("wasm"));

describe("a tensor is repeated as on the plain backend, its gradient too", () => {
  it.each([
    [[5], [3]],
    [
      [2, 3],
      [1, 1],
    ],
    [
      [4, 1],
      [1, 6],
    ],
    [
      [1, 1, 8],
      [3, 2, 1],
    ],
    [
      [2, 3, 1],
      [2, 1, 4],
    ],
    [
      [2, 1, 3, 2],
      [1, 5, 2, 3],
    ],
  ])("%j by %j", async (shape, reps) => {
    const [plain, wasm] = await onBoth(shape, (x) => tf.tile(x, reps));
    expect(wasm.shape).toEqual(plain.shape);
    expect(wasm.out).toEqual(plain.out);
    for (const [i, slope] of plain.slope.entries()) expect(wasm.slope[i]).toBeCloseTo(slope, 4);
  });
});

describe("axes change places as on the plain backend", () => {
  it.each([
    [
      [3, 4],
      [1, 0],
    ],
    [
      [2, 20],
      [0, 1],
    ],
    [
      [2, 3, 4],
      [2, 0, 1],
    ],
    [
      [2, 3, 20],
      [1, 0, 2],
    ],
    [
      [2, 3, 3, 2, 4],
      [2, 0, 3, 1, 4],
    ],
    [
      [1, 5, 1],
      [2, 1, 0],
    ],
  ])("%j to %j", async (shape, order) => {
    const [plain, wasm] = await onBoth(shape, (x) => tf.transpose(x, order));
    expect(wasm).toEqual(plain);
  });
});

describe("many small products are those of the plain backend", () => {
  it.each([
    [[3, 2, 4], [3, 4, 5], false, false],
    [[2, 2, 4, 3], [2, 2, 4, 9], true, false],
    [[5, 3, 7], [5, 8, 7], false, true],
    [[2, 6, 1], [2, 3, 6], true, true],
  ])("%j by %j, turned: %s, %s", async (shape, other, turnA, turnB) => {
    const random = randomFrom(`products/${other}`);
    const length = other.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length }, () => random.normal());
    const [plain, wasm] = await onBoth(shape, (x) =>
      tf.matMul(x, tf.tensor(values, other), turnA, turnB),
    );
    expect(wasm.shape).toEqual(plain.shape);
    for (const [i, value] of plain.out.entries()) expect(wasm.out[i]).toBeCloseTo(value, 5);
    for (const [i, slope] of plain.slope.entries()) expect(wasm.slope[i]).toBeCloseTo(slope, 4);
  });
});

it("a name more for the same numbers outlives the first", async () => {
  useBackend(await openTensorBackend("wasm"));
  const x = tf.tensor1d([1, 2, 3]);
  const same = tf.clone(x);
  x.dispose();
  tf.tensor1d([9, 9, 9]);
  expect(await same.data()).toEqual(Float32Array.of(1, 2, 3));
});

it("integers are left to the stock kernels", async () => {
  useBackend(await openTensorBackend("wasm"));
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32");
  expect(await tf.transpose(x).data()).toEqual(Int32Array.of(1, 4, 2, 5, 3, 6));
  expect(await tf.tile(x, [1, 2]).data()).toEqual(
    Int32Array.of(1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6),
  );
});

describe("rows are looked up as on the plain backend, their gradient too", () => {
  it.each([
    [[7, 3], [4]],
    [
      [9, 40],
      [2, 5],
    ],
    [[6], [8]],
    [
      [5, 2, 3],
      [3, 1],
    ],
  ])("in %j, %j of them", async (shape, places) => {
    const count = places.reduce((a, b) => a * b, 1);
    const ids = Int32Array.from({ length: count }, (_, i) => (3 * i) % shape[0]!);
    const [plain, wasm] = await onBoth(shape, (x) => tf.gather(x, tf.tensor(ids, places, "int32")));
    expect(wasm).toEqual(plain);
  });

  it("and refused where there is no such row; other axes are looked up as well", async () => {
    useBackend(await openTensorBackend("wasm"));
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    for (const id of [2, -1])
      expect(() => tf.gather(x, tf.tensor1d([0, id], "int32"))).toThrow("not in [0, 1]");
    const columns = tf.gather(x, tf.tensor1d([2, 0], "int32"), 1);
    expect([...(await columns.data())]).toEqual([3, 1, 6, 4]);
  });
});

describe("products are added up term by term, to the bit, on WASM", () => {
  it.each([
    [[9, 16], [16, 24], false, false],
    [[70, 65], [65, 7], false, false],
    [[33, 6], [33, 19], true, false],
    [[6, 33], [10, 33], false, true],
    [[40, 5], [3, 40], true, true],
    [[1, 6, 9], [1, 9, 5], false, false],
    [[8, 4, 5, 3], [8, 4, 9, 3], false, true],
  ])("%j by %j, turned: %s, %s", async (shape, other, turnA, turnB) => {
    useBackend(await openTensorBackend("wasm"));
    const random = randomFrom(`order/${other}`);
    const drawn = (sides: number[]) =>
      Float32Array.from({ length: sides.reduce((a, b) => a * b, 1) }, () => random.normal());
    const [a, b] = [drawn(shape), drawn(other)];
    const product = tf.matMul(tf.tensor(a, shape), tf.tensor(b, other), turnA, turnB);
    const [rows, terms] = sidesOf(shape, turnA);
    const [, columns] = sidesOf(other, turnB);
    const known = Float32Array.from({ length: product.size }, (_, at) => {
      const [column, row] = [at % columns, Math.floor(at / columns) % rows];
      const which = Math.floor(at / columns / rows);
      const [mine, theirs] = [which * rows * terms, which * terms * columns];
      let sum = 0;
      for (let k = 0; k < terms; k++) {
        const x = a[mine + (turnA ? k * rows + row : row * terms + k)]!;
        const y = b[theirs + (turnB ? column * terms + k : k * columns + column)]!;
        sum = Math.fround(sum + Math.fround(x * y));
      }
      return sum;
    });
    expect(await product.data()).toEqual(known);
  });
});

function sidesOf(shape: readonly number[], isTurned: boolean): [number, number] {
  const [a, b] = shape.slice(-2) as [number, number];
  return isTurned ? [b, a] : [a, b];
}
