import assert from "node:assert/strict";
import type { Examples } from "../math/rows.ts";
import { norm } from "../math/vector.ts";
import { summationSensitivity } from "../privacy/calibrate-sums.ts";
import { clippedGradientParts } from "../problems/clipped-gradients.ts";
import type { Problem } from "../problems/problem.ts";
import {
  exactExamples,
  exactWeights,
  partOf,
  sparseOf,
  weightsLengthOf,
} from "./exact-examples.ts";
import { above, atMost, below, type Laws } from "./laws.ts";

/* What a problem owes to each single row: that it counts as often as it weighs, or that it moves
 * a sum by no more than a norm. */

const columns = 7;

interface OfProblem {
  readonly problem: Problem;
}

/** Rows that count more or less than one, as those of a cyclic gradient code do. */
const counts = Float32Array.of(2, 2, -0.5, -0.5, -0.5, 1, 3, 0, 0, 2, 2, 2);

export const rowWeightLaws: Laws<OfProblem> = {
  "counts each row as often as it weighs, dense or sparse"({ problem }) {
    const examples = exactExamples(problem, counts.length, columns);
    for (const x of [examples, sparseOf(examples)]) {
      const weighted = { ...x, weights: counts };
      const one = everySum(problem, weighted);
      const added = new Float64Array(one.length);
      for (const [row, count] of counts.entries())
        for (const [j, value] of everySum(problem, partOf(examples, row, row + 1)).entries())
          added[j]! += count * value;
      for (const [j, value] of added.entries())
        below(Math.abs(one[j]! - value), 1e-11 * (1 + Math.abs(value)), `the error of sum ${j}`);
      assert.deepEqual(everySum(problem, weighted), one, "the same rows again gave other bits");
    }
  },

  "takes weights of one for no weights"({ problem }) {
    const examples = exactExamples(problem, counts.length, columns);
    const ones = { ...examples, weights: new Float32Array(counts.length).fill(1) };
    assert.deepEqual(everySum(problem, ones), everySum(problem, examples));
  },
};

/** Loss, gradient and what a line search asks for, one after another. */
function everySum(problem: Problem, examples: Examples): Float64Array {
  const length = weightsLengthOf(problem, columns);
  const weights = exactWeights(length, "weights");
  const direction = exactWeights(length, "direction");
  const gradient = new Float64Array(length);
  const loss = problem.lossAndGradient(examples, weights, gradient);
  const steps = Float64Array.of(0.5, 1);
  return Float64Array.of(
    loss,
    ...gradient,
    ...problem.lineSearchTerms(examples, weights, direction, steps),
  );
}

const rows = 40;

function clippingPoint(problem: Problem) {
  const examples = exactExamples(problem, rows, columns);
  const weights = exactWeights(weightsLengthOf(problem, columns), "clipped weights");
  const norms = rowGradients(problem, examples, weights).map((one) => norm(one));
  const median = norms.toSorted((a, b) => a - b)[rows / 2]!;
  return { examples, weights, median, largest: Math.max(...norms) };
}

export const clippedGradientLaws: Laws<OfProblem> = {
  "sums clipped gradients as the textbook does: one by one, each scaled to the norm"(member) {
    const { problem } = member;
    const { examples, weights, median, largest } = clippingPoint(problem);
    for (const clip of [median, median / 100, 2 * largest]) {
      const expected = clippedOneByOne(problem, examples, weights, clip);
      for (const x of [examples, sparseOf(examples)]) {
        const difference = distance(clippedSum(problem, x, weights, clip), expected);
        below(difference, 1e-12 * (1 + norm(expected)), "the difference of the sums");
      }
    }
  },

  "sums nothing for no rows, and has no part that knows of none"({ problem }) {
    const { examples, weights, median } = clippingPoint(problem);
    assert.equal(norm(clippedSum(problem, partOf(examples, 0, 0), weights, median)), 0);
    const { open } = clippedGradientParts(problem, examples, Float64Array.from(weights), median);
    assert.equal(norm(open), 0);
  },

  "lets no row move the sum by more than the norm, however wild, and some by almost it"(member) {
    const { problem } = member;
    const { examples, weights } = clippingPoint(problem);
    const clip = 0.5;
    const before = clippedSum(problem, partOf(examples, 1, rows), weights, clip);
    let farthest = 0;
    for (const scale of [1, 1e3, 1e12, 1e30, 3e38]) {
      const wild = withFirstRow(examples, (value) => Math.fround(value * scale));
      const after = clippedSum(problem, wild, weights, clip);
      farthest = Math.max(farthest, distance(after, before));
    }
    const most = clip + summationSensitivity(rows, 1, clip);
    atMost(farthest, most, "the farthest that a row moves the sum");
    above(farthest, 0.999 * clip, "the farthest that a row moves the sum");
  },

  "adds nothing for a row that is not a number"({ problem }) {
    const { examples, weights, median } = clippingPoint(problem);
    const without = clippedSum(problem, partOf(examples, 1, rows), weights, median);
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const x = withFirstRow(examples, () => broken);
      const difference = distance(clippedSum(problem, x, weights, median), without);
      below(difference, 1e-12 * norm(without), "what the row moves the sum by");
    }
  },
};

function clippedSum(problem: Problem, examples: Examples, weights: Float32Array, clip: number) {
  return clippedGradientParts(problem, examples, Float64Array.from(weights), clip).clipped;
}

function rowGradients(problem: Problem, examples: Examples, weights: Float32Array) {
  return Array.from({ length: examples.targets.length }, (_, i) => {
    const gradient = new Float64Array(weights.length);
    problem.lossAndGradient(partOf(examples, i, i + 1), weights, gradient);
    return gradient;
  });
}

function clippedOneByOne(
  problem: Problem,
  examples: Examples,
  weights: Float32Array,
  clip: number,
): Float64Array {
  const sum = new Float64Array(weights.length);
  for (const gradient of rowGradients(problem, examples, weights)) {
    const factor = Math.min(1, clip / norm(gradient));
    for (let j = 0; j < sum.length; j++) sum[j]! += factor * gradient[j]!;
  }
  return sum;
}

function withFirstRow(examples: Examples, change: (value: number) => number): Examples {
  const { rows: dense } = examples;
  assert(dense.kind === "dense", "these examples are dense");
  const values = dense.values.slice();
  for (let j = 0; j < columns; j++) values[j] = change(values[j] === 0 ? 1 : values[j]!);
  return { ...examples, rows: { ...dense, values } };
}

function distance(a: Float64Array, b: Float64Array): number {
  return norm(a.map((value, i) => value - b[i]!));
}
