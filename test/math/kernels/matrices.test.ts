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
