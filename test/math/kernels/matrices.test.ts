import { expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { instantiateTensors } from "../../../src/math/kernels/instance.ts";
import { matrixRoom, transposed } from "../../../src/math/kernels/matrices.ts";

/** Rows that follow one another, of them so many numbers not zero. */
function numbers(rows: number, columns: number, density: number): Float32Array {
  const random = randomFrom(`matrices/${rows}/${columns}/${density}`);
  return Float32Array.from({ length: rows * columns }, () =>
    random.uniform() < density ? random.normal() : random.uniform() < 0.5 ? 0 : -0,
  );
}

/** Not compared number by number, whose differences take minutes to print. */
const bitsOf = (values: Float32Array) => Buffer.from(values.slice().buffer).toString("base64");

test.each([
  [64, 784, 128],
  [1, 5, 3],
  [256, 33, 9],
  [7, 52, 8],
  [12, 16, 17],
  [9, 47, 11],
])("of %i rows a product without the zeros has its bits, %i by %i", (k, m, n) => {
  const { take, floats, multiply, multiplyRectified } = matrixRoom(k * m + k * n + 2 * m * n);
  const matrix = (rows: number, columns: number) => ({
    at: take(rows * columns),
    rowStride: columns,
    columnStride: 1,
  });
  const [a, b, own, whole] = [matrix(k, m), matrix(k, n), matrix(m, n), matrix(m, n)];
  const of = ({ at }: typeof own) => floats.subarray(at, at + m * n);
  for (const density of [0, 0.5, 1]) {
    for (const infinite of [false, true]) {
      floats.set(numbers(k, m, 0.9), a.at);
      floats.set(numbers(k, n, density), b.at);
      // Times zero it is no number, whose terms are not left out.
      if (infinite) floats[a.at + k * m - 1] = Number.POSITIVE_INFINITY;
      of(own).fill(7);
      multiply(transposed(a), b, whole, m, k, n);
      multiplyRectified(a, b, own, m, k, n);
      expect(bitsOf(of(own)) === bitsOf(of(whole))).toBe(true);
    }
  }
});

test("zeros are left out where there are many, and all numbers are finite", () => {
  const { memory, kernels } = instantiateTensors(1 << 20);
  const floats = new Float32Array(memory);
  const [a, b, c, room] = [0, 4096, 8192, 16_384];
  const done = () => kernels.rectifiedProduct(4 * a, 4 * b, 4 * c, 8, 40, 8, 4 * room);
  floats.set(numbers(8, 40, 1), a);
  floats.set(numbers(8, 8, 0.5), b);
  expect(done()).toBe(1);
  floats[a + 319] = Number.NaN;
  expect(done()).toBe(0);
  floats[a + 319] = -1e38;
  expect(done()).toBe(1);
  floats.set(numbers(8, 8, 0.9), b);
  expect(done()).toBe(0);
});

test("wherever a number is not finite, no term is left out", () => {
  const { memory, kernels } = instantiateTensors(1 << 20);
  const floats = new Float32Array(memory);
  const [a, b, c, room] = [0, 4096, 8192, 16_384];
  floats.set(numbers(2, 21, 1), a);
  floats.set(numbers(2, 5, 0.5), b);
  for (let at = 0; at < 42; at++) {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const before = floats[a + at]!;
      floats[a + at] = wrong;
      expect(kernels.rectifiedProduct(4 * a, 4 * b, 4 * c, 2, 21, 5, 4 * room)).toBe(0);
      floats[a + at] = before;
    }
  }
  expect(kernels.rectifiedProduct(4 * a, 4 * b, 4 * c, 2, 21, 5, 4 * room)).toBe(1);
});

const edges = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-45,
  -1e-45,
];

/** Random numbers, every third of them an edge. */
function edgy(length: number, seed: string): Float32Array {
  const random = randomFrom(seed);
  return Float32Array.from({ length }, (_, i) =>
    i % 3 === 0 ? edges[random.integer(edges.length)]! : random.normal(),
  );
}

test.each([
  [1, 1],
  [5, 7],
  [3, 16],
  [64, 130],
])("%i rows of %i units get their bias, and stop where they are not above zero", (rows, units) => {
  const length = rows * units;
  const { take, floats, addBias, stopSlopes } = matrixRoom(3 * length + units + 2);
  const matrix = () => ({ at: take(length), rowStride: units, columnStride: 1 });
  const [x, slopes] = [matrix(), matrix()];
  const bias = take(units);
  const after = take(1);
  floats[after] = 7;
  const of = ({ at }: typeof x) => [...floats.subarray(at, at + length)];
  for (const isRectified of [false, true]) {
    for (const at of [bias, null]) {
      const [values, biases] = [edgy(length, "x"), edgy(units, "bias")];
      floats.set(values, x.at);
      floats.set(biases, bias);
      addBias(x, rows, units, at, isRectified);
      const known = Array.from(values, (value, i) => {
        const sum = at === null ? value : Math.fround(value + biases[i % units]!);
        return isRectified && sum < 0 ? 0 : sum;
      });
      // -0 is another number than 0 here.
      expect(of(x)).toEqual(known);
    }
  }
  const back = edgy(length, "slopes");
  floats.set(back, slopes.at);
  const values = of(x);
  stopSlopes(x, slopes, length);
  expect(of(slopes)).toEqual(Array.from(back, (slope, i) => (values[i]! <= 0 ? 0 : slope)));
  expect(floats[after]).toBe(7);
});
