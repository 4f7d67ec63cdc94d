import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { problems } from "../../src/problems/registry.ts";
import { isSettled, slopeLeft, stopRuleOf } from "../../src/strategies/stop-rule.ts";

const [rows, columns] = [60, 5];

/** Standardised features, targets of two classes or of numbers in some unit. */
function examples(seed: number, isNumber: boolean, unit: number) {
  const random = randomFrom(seed);
  const values = new Float32Array(rows * columns);
  for (let j = 0; j < columns; j++) {
    const column = Array.from({ length: rows }, () => random.normal());
    const mean = column.reduce((a, b) => a + b) / rows;
    const deviation = Math.sqrt(column.reduce((a, b) => a + (b - mean) ** 2, 0) / rows);
    for (let i = 0; i < rows; i++) values[i * columns + j] = (column[i]! - mean) / deviation;
  }
  const targets = Float32Array.from({ length: rows }, (_, i) => {
    const sum = values[i * columns]! + 0.3 * random.normal();
    return isNumber ? unit * sum : Number(sum > 0);
  });
  return { rows: { kind: "dense" as const, rows, columns, values }, targets };
}

function variance(values: ArrayLike<number>): number {
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b) / all.length;
  return all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length;
}

function sceneOf(type: string, seed: number, unit = 1) {
  const problem = problems.create({ type, l2: 0 } as never);
  const isNumber = problem.target === "numbers";
  const given = examples(seed, isNumber, unit);
  const rule = stopRuleOf({
    spec: { stop: { rounds: 10, tolerance: 1e-6, patience: 60 } },
    problem,
    prepared: {
      preparation: {
        intercept: true,
        target: { name: "y", classes: isNumber ? null : ["a", "b"] },
      } as never,
      targetMean: 0,
      targetVariance: isNumber ? variance(given.targets) : 0.25,
    },
  });
  const leftAt = (weights: Float32Array) => {
    const gradient = new Float64Array(weights.length);
    const loss = problem.lossAndGradient(given, weights, gradient) / rows;
    return slopeLeft(rule, Math.hypot(...gradient.map((sum) => sum / rows)), loss);
  };
  return { problem, rule, given, leftAt };
}

describe.each(["ridge", "logistic", "squared-hinge"])("%s", (type) => {
  test("no point has more left than its terms come to", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { leftAt } = sceneOf(type, seed);
      const random = randomFrom(`weights/${seed}`);
      for (const size of [0, 1e-3, 1, 100]) {
        const weights = Float32Array.from({ length: columns }, () => size * random.normal());
        expect(leftAt(weights)).toBeLessThanOrEqual(Math.sqrt(columns) * (1 + 1e-6));
      }
    }
  });
});

test("the unit of a target of numbers does not matter", () => {
  const weights = Float32Array.of(0.5, 1, -1, 0.25, 2);
  const [one, thousand] = [sceneOf("ridge", 3), sceneOf("ridge", 3, 1024)];
  expect(thousand.leftAt(weights.map((weight) => 1024 * weight))).toBeCloseTo(
    one.leftAt(weights),
    6,
  );
});

test("what is left bounds how far ridge is above the optimum", () => {
  const { leftAt, given, rule } = sceneOf("ridge", 5);
  const lossAt = (weights: Float32Array) => {
    let loss = 0;
    for (let i = 0; i < rows; i++) {
      let error = -given.targets[i]!;
      for (let j = 0; j < columns; j++) error += given.rows.values[i * columns + j]! * weights[j]!;
      loss += error ** 2 / 2 / rows;
    }
    return loss;
  };
  // Plain gradient steps: the last one is the optimum.
  let at = new Float32Array(columns);
  const path = [at];
  for (let step = 0; step < 400; step++) {
    const gradient = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      let error = -given.targets[i]!;
      for (let j = 0; j < columns; j++) error += given.rows.values[i * columns + j]! * at[j]!;
      for (let j = 0; j < columns; j++)
        gradient[j]! += (error * given.rows.values[i * columns + j]!) / rows;
    }
    at = at.map((weight, j) => weight - 0.3 * gradient[j]!);
    path.push(at);
  }
  const best = lossAt(at);
  // The least eigenvalue of these features' X'X / n is above .3.
  for (const point of path) {
    const gap = lossAt(point) - best;
    const height = Math.max(lossAt(point), rule.lossLeast);
    expect(gap).toBeLessThanOrEqual((leftAt(point) ** 2 * height) / 0.3 + 1e-9);
  }
  expect(isSettled(rule, leftAt(at))).toBe(true);
  expect(isSettled(rule, leftAt(path[5]!))).toBe(false);
});

test("networks are told by their objective, and a gradient of zero is the end anywhere", () => {
  const rule = { tolerance: 1e-6, steepness: null, lossLeast: 0.01 };
  expect(slopeLeft(rule, 0.5, 2)).toBe(0.25);
  expect(slopeLeft(rule, 0.5, 0)).toBe(50);
  expect(slopeLeft({ ...rule, lossLeast: 0 }, 0, 0)).toBe(0);
  expect(isSettled(rule, Number.NaN)).toBe(false);
});
