import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { solvePositive } from "../../src/math/cholesky.ts";

/** D'D + shift I and D'(D x) for random D, and the x. */
function system(rows: number, size: number, shift: number) {
  const random = randomFrom(`cholesky/${rows}/${size}`);
  const d = Array.from({ length: rows }, () => Array.from({ length: size }, () => random.normal()));
  const x = Array.from({ length: size }, () => random.normal());
  const a = Float64Array.from({ length: size * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return d.reduce((sum, row) => sum + row[i]! * row[j]!, i === j ? shift : 0);
  });
  const times = (v: ArrayLike<number>) =>
    Float64Array.from({ length: size }, (_, i) =>
      Array.from(v).reduce((sum, value, j) => sum + a[i * size + j]! * value, 0),
    );
  return { a, x, b: times(x), times };
}

test.each([
  [40, 16, 0],
  [5, 16, 0.1],
  [1, 1, 0],
])("finds the solution: %i rows, %i unknowns, shift %f", (rows, size, shift) => {
  const { a, x, b } = system(rows, size, shift);
  const found = solvePositive(a.slice(), b.slice());
  for (const [i, value] of x.entries()) expect(Math.abs(found[i]! - value)).toBeLessThan(1e-9);
});

test("finds one of the solutions where there are several", () => {
  const { a, b, times } = system(5, 16, 0);
  const found = solvePositive(a.slice(), b.slice());
  expect(found.every(Number.isFinite)).toBe(true);
  for (const [i, value] of times(found).entries())
    expect(Math.abs(value - b[i]!)).toBeLessThan(1e-8);
  expect([...solvePositive(new Float64Array(4), new Float64Array(2))]).toEqual([0, 0]);
});
