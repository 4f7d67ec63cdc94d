import { describe, expect, test } from "vitest";
import type { Examples } from "../../src/math/rows.ts";
import { norm } from "../../src/math/vector.ts";
import { summationSensitivity } from "../../src/privacy/sum-noise.ts";
import { clippedGradientParts } from "../../src/problems/clipped-gradients.ts";
import type { Problem } from "../../src/problems/problem.ts";
import {
  exactExamples,
  exactWeights,
  lengthOf,
  partOf,
  problemExamples,
  sparseOf,
} from "./problem-data.ts";

const columns = 7;
const rows = 40;

/** Those whose rows have gradients of their own; the mean's are tested in its own way below. */
const clipping = problemExamples.filter(
  ({ problem }) => problem.pairs === undefined && problem.addClippedGradient === undefined,
);

describe.each(clipping)("$name", ({ problem }) => {
  const examples = exactExamples(problem, rows, columns);
  const weights = exactWeights(lengthOf(problem, columns), "clipped weights");
  const norms = recordGradients(problem, examples, weights).map((one) => norm(one));
  const median = norms.toSorted((a, b) => a - b)[rows / 2]!;

  test("the sum is that of the textbook: gradient by gradient, scaled to the norm", () => {
    for (const clip of [median, median / 100, 2 * Math.max(...norms)]) {
      const expected = clippedByHand(problem, examples, weights, clip);
      for (const given of [examples, sparseOf(examples)]) {
        const sum = clippedSum(problem, given, weights, clip);
        expect(apart(sum, expected)).toBeLessThan(1e-12 * (1 + norm(expected)));
      }
    }
  });

  test("nothing for no records, and nothing that knows of none", () => {
    expect(norm(clippedSum(problem, partOf(examples, 0, 0), weights, median))).toBe(0);
    const { open } = clippedGradientParts(problem, examples, Float64Array.from(weights), median);
    expect(norm(open)).toBe(0);
  });

  test("no record moves the sum by more than the norm, however wild, and some by almost it", () => {
    const clip = 0.5;
    const before = clippedSum(problem, partOf(examples, 1, rows), weights, clip);
    let largest = 0;
    for (const scale of [1, 1e3, 1e12, 1e30, 3e38]) {
      const wild = withFirstRow(examples, (value) => Math.fround(value * scale));
      const after = clippedSum(problem, wild, weights, clip);
      largest = Math.max(largest, apart(after, before));
    }
    expect(largest).toBeLessThanOrEqual(clip + summationSensitivity(rows, 1, clip));
    expect(largest).toBeGreaterThan(0.999 * clip);
  });

  test("a record that is not a number adds nothing", () => {
    const without = clippedSum(problem, partOf(examples, 1, rows), weights, median);
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const given = withFirstRow(examples, () => broken);
      const sum = clippedSum(problem, given, weights, median);
      expect(apart(sum, without)).toBeLessThan(1e-12 * norm(without));
    }
  });
});

test("the problems that private training is for clip their records", () => {
  const names = new Set(clipping.map(({ name }) => name.split(/[ {]/)[0]));
  for (const name of ["logistic", "softmax", "ridge"]) expect(names).toContain(name);
});

function clippedSum(problem: Problem, examples: Examples, weights: Float32Array, clip: number) {
  return clippedGradientParts(problem, examples, Float64Array.from(weights), clip).clipped;
}

function recordGradients(problem: Problem, examples: Examples, weights: Float32Array) {
  return Array.from({ length: examples.targets.length }, (_, i) => {
    const gradient = new Float64Array(weights.length);
    problem.lossAndGradient(partOf(examples, i, i + 1), weights, gradient);
    return gradient;
  });
}

function clippedByHand(problem: Problem, examples: Examples, weights: Float32Array, clip: number) {
  const sum = new Float64Array(weights.length);
  for (const gradient of recordGradients(problem, examples, weights)) {
    const factor = Math.min(1, clip / norm(gradient));
    for (let j = 0; j < sum.length; j++) sum[j]! += factor * gradient[j]!;
  }
  return sum;
}

function withFirstRow(examples: Examples, change: (value: number) => number): Examples {
  const { rows: given } = examples;
  if (given.kind !== "dense") throw new Error("these examples are dense");
  const values = given.values.slice();
  for (let j = 0; j < columns; j++) values[j] = change(values[j] === 0 ? 1 : values[j]!);
  return { ...examples, rows: { ...given, values } };
}

function apart(a: Float64Array, b: Float64Array): number {
  return norm(a.map((value, i) => value - b[i]!));
}
