import { expect, test } from "vitest";
import { adamw } from "../../src/optimizers/adaptive/adam-family.ts";
import { muon } from "../../src/optimizers/adaptive/muon.ts";
import { orthogonalized } from "../../src/optimizers/adaptive/newton-schulz.ts";
import { apart, gradientOf, Walker } from "./sequence.ts";

const matrix = Float64Array.of(1, 2, 3, 0, -1, 0.5);

/*
 * Five steps of X <- aX + (bA + cA^2)X, A = XX', from X / (|X| + 1e-7): reference values in double
 * precision; singular values about .8975 and .7495, deliberately not 1.
 */
test("five Newton-Schulz steps are the reference's", () => {
  const wide = orthogonalized(matrix, 2, 3);
  const expected = [
    0.20111438905, 0.37842091782, 0.61524709731, 0.02380786029, -0.76059910594, 0.47553099414,
  ];
  expect(apart(wide, expected)).toBeLessThan(1e-11);
  const [r, s] = [wide.subarray(0, 3), wide.subarray(3)];
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const [a, b, d] = [dot(r, r), dot(r, s), dot(s, s)];
  const spread = Math.hypot((a - d) / 2, b);
  expect(Math.sqrt((a + d) / 2 + spread)).toBeCloseTo(0.897541, 6);
  expect(Math.sqrt((a + d) / 2 - spread)).toBeCloseTo(0.749537, 6);
  const turned = [0, 3, 1, 4, 2, 5];
  const tall = orthogonalized(
    Float64Array.from(turned, (i) => matrix[i]!),
    3,
    2,
  );
  expect(
    apart(
      tall,
      turned.map((i) => wide[i]!),
    ),
  ).toBeLessThan(1e-15);
  expect([...orthogonalized(new Float64Array(6), 2, 3)]).toEqual(Array(6).fill(0));
});

test("matrices are turned, all else and named matrices go by AdamW", () => {
  const pieces = [
    { name: "first/kernel", shape: [2, 3] },
    { name: "first/bias", shape: [3] },
    { name: "head/kernel", shape: [1, 4] },
  ];
  const start = Array.from({ length: 13 }, (_, i) => i / 7 - 1);
  const slope = (t: number) =>
    Float64Array.from({ length: 13 }, (_, i) => gradientOf(t + i)[i % 4]!);
  const options = { learningRate: 0.1, otherRate: 0.02, weightDecay: 0.3 };
  const walker = new Walker(muon, options, start, pieces);
  const others = new Walker(
    adamw,
    { learningRate: 0.02, beta2: 0.95, epsilon: 1e-10, weightDecay: 0 },
    start,
  );
  const m = new Float64Array(6);
  const w = Float64Array.from(start.slice(0, 6));
  const head = Float64Array.from(start.slice(9));
  for (let t = 1; t <= 5; t++) {
    const g = slope(t);
    // Each group at its own rate.
    for (let i = 0; i < w.length; i++) w[i]! *= 1 - 0.1 * 0.3;
    for (let i = 0; i < head.length; i++) head[i]! *= 1 - 0.02 * 0.3;
    for (let i = 0; i < 6; i++) m[i] = 0.95 * m[i]! + 0.05 * g[i]!;
    const along = m.map((value, i) => 0.05 * g[i]! + 0.95 * value);
    const step = orthogonalized(along, 2, 3);
    for (let i = 0; i < 6; i++) w[i]! -= 0.1 * Math.sqrt(3 / 2) * step[i]!;
    const before = others.weights.slice();
    others.step(g);
    for (let i = 0; i < 4; i++) head[i]! += others.weights[9 + i]! - before[9 + i]!;
    walker.step(g);
  }
  expect(apart(walker.weights.subarray(0, 6), w)).toBeLessThan(1e-14);
  expect(apart(walker.weights.subarray(6, 9), others.weights.subarray(6, 9))).toBeLessThan(1e-15);
  expect(apart(walker.weights.subarray(9), head)).toBeLessThan(1e-14);
});
