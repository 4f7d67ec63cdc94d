import { describe, expect, test } from "vitest";
import type { Examples } from "../../src/math/rows.ts";
import { hadamardEntry } from "../../src/math/transforms.ts";
import { addScaled, dot } from "../../src/math/vector.ts";
import { addPenaltyGradient, penalty } from "../../src/problems/penalty.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { gram, matrix, product } from "./dense.ts";
import { eigenvalues } from "./eigenvalues.ts";
import { metricsByHand } from "./metrics-by-hand.ts";
import {
  exactExamples,
  exactWeights,
  lengthOf,
  partOf,
  problemExamples,
  sparseOf,
} from "./problem-data.ts";

const columns = 7;

describe.each(problemExamples)("$name", ({ problem }) => {
  const examples = exactExamples(problem, 40, columns);
  const length = lengthOf(problem, columns);
  const weights = exactWeights(length, "weights");

  test("the gradient is the derivative of the loss, by central differences", () => {
    const { gradient } = sums(problem, examples, weights);
    // A power of two, so that w + h and w - h are exact in single precision.
    const h = 2 ** -9;
    for (let j = 0; j < length; j++) {
      const [up, down] = [1, -1].map((sign) => {
        const moved = weights.slice();
        moved[j]! += sign * h;
        return sums(problem, examples, moved).loss;
      });
      expect(Math.abs((up! - down!) / (2 * h) - gradient[j]!)).toBeLessThan(1e-4);
    }
  });

  test("losses and gradients of parts add up to the whole, and are added to what is there", () => {
    const whole = sums(problem, examples, weights);
    const gradient = new Float64Array(length);
    let loss = 0;
    for (const [from, to] of [[0, 13] as const, [13, 14] as const, [14, 40] as const])
      loss += problem.lossAndGradient(partOf(examples, from, to), weights, gradient);
    expect(Math.abs(loss / whole.loss - 1)).toBeLessThan(1e-13);
    expect(apart(gradient, whole.gradient)).toBeLessThan(1e-12);
    expect(problem.lossAndGradient(partOf(examples, 0, 0), weights, gradient)).toBe(0);
  });

  test("inputs are left alone", () => {
    const sparse = sparseOf(examples);
    const direction = exactWeights(length, "direction");
    const steps = Float64Array.of(0.5, 1);
    const before = structuredClone({ examples, sparse, weights, direction, steps });
    for (const given of [examples, sparse]) {
      sums(problem, given, weights);
      problem.lineSearchTerms(given, weights, direction, steps);
      const tally = problem.tally(given, weights);
      const counted = tally.slice();
      problem.metrics(tally);
      expect(tally).toEqual(counted);
    }
    expect({ examples, sparse, weights, direction, steps }).toEqual(before);
  });

  test("sparse rows give what dense rows give", () => {
    const sparse = sparseOf(examples);
    const direction = exactWeights(length, "direction");
    const [a, b] = [sums(problem, examples, weights), sums(problem, sparse, weights)];
    expect(Math.abs(a.loss - b.loss)).toBeLessThan(1e-12 * a.loss);
    expect(apart(a.gradient, b.gradient)).toBeLessThan(1e-12);
    const steps = Float64Array.of(0, 1);
    const along = [examples, sparse].map((x) =>
      problem.lineSearchTerms(x, weights, direction, steps),
    );
    expect(apart(along[0]!, along[1]!)).toBeLessThan(1e-12);
    expect(apart(problem.tally(examples, weights), problem.tally(sparse, weights))).toBeLessThan(
      1e-12,
    );
  });

  test("it is mixable exactly if sums over S X, S y with S'S = cI are c times the sums", () => {
    // 64 rows through the Sylvester matrix over 4: S'S = 4 I, and every entry stays exact.
    const plain = exactExamples(problem, 64, columns);
    const mixed = mixtures(plain);
    const [given, encoded] = [sums(problem, plain, weights), sums(problem, mixed, weights)];
    const difference = apart(
      encoded.gradient,
      given.gradient.map((value) => 4 * value),
    );
    const holds = difference < 1e-12 && Math.abs(encoded.loss / given.loss - 4) < 1e-12;
    expect(problem.isQuadratic).toBe(holds);
  });

  test("along a line: the quadratic's coefficient, or the loss itself at each step", () => {
    const direction = exactWeights(length, "direction");
    const steps = Float64Array.of(0, 0.25, 0.5, 1, -2);
    const along = problem.lineSearchTerms(examples, weights, direction, steps);
    const { loss, gradient } = sums(problem, examples, weights);
    expect(along).toHaveLength(problem.isQuadratic ? 1 : steps.length);
    for (const [i, step] of steps.entries()) {
      const there = sums(problem, examples, addScaled(weights.slice(), step, direction)).loss;
      const quadratic = loss + step * dot(gradient, direction) + (step * step * along[0]!) / 2;
      const told = problem.isQuadratic ? quadratic : along[i]!;
      expect(Math.abs(told - there)).toBeLessThan(1e-11 * Math.max(loss, there));
    }
  });

  test("smoothness bounds how fast the mean gradient turns, worst at 0 along the top", () => {
    const { rows } = examples;
    const x = matrix(rows.rows, columns, (i, j) => rows.values[i * columns + j]!);
    const squares = gram(x);
    const largest = eigenvalues(squares).at(-1)! / rows.rows;
    const bound = problem.smoothness(largest);
    // Of fourth order in the weights: no bound holds everywhere.
    if (problem.pairs !== undefined) return expect(bound).toBe(Number.POSITIVE_INFINITY);
    const top = steepest(problem, topEigenvector(squares.values));
    const ofTwo = { rows, targets: examples.targets.map((target) => Math.min(target, 1)) };
    for (const [given, from, by] of [
      [ofTwo, new Float32Array(top.length), top],
      [examples, weights, exactWeights(length, "turn")],
    ] as const) {
      const start = sums(problem, given, from).gradient;
      const to = addScaled(from.slice(), 2 ** -8, by);
      const turned = sums(problem, given, to).gradient.map((value, j) => value - start[j]!);
      const moved = Float64Array.from(to, (value, j) => value - from[j]!);
      const rate = Math.sqrt(dot(turned, turned) / dot(moved, moved)) / rows.rows;
      expect(rate).toBeLessThan(bound * (1 + 1e-6));
      if (by === top) expect(rate).toBeGreaterThan(0.99 * bound);
    }
  });

  test("tallies add up, and give the metrics that their definitions give", () => {
    const total = problem.tally(partOf(examples, 0, 11), weights);
    addScaled(total, 1, problem.tally(partOf(examples, 11, 40), weights));
    const { meanLoss, metrics } = problem.metrics(total);
    const loss = sums(problem, examples, weights).loss / 40;
    expect(Math.abs(meanLoss / loss - 1)).toBeLessThan(1e-12);
    const byHand = metricsByHand(problem, examples, weights);
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(byHand).sort());
    for (const [name, value] of Object.entries(metrics))
      expect(Math.abs(value - byHand[name]!), name).toBeLessThan(1e-11);
  });

  test("huge margins stay finite", () => {
    const far = weights.map((weight) => weight * 2 ** 12);
    const { loss, gradient } = sums(problem, examples, far);
    expect([loss, ...gradient].every(Number.isFinite)).toBe(true);
    expect(loss).toBeGreaterThan(0);
  });
});

test("the penalty is (l2/2) |w|^2 + l1 |w|_1, the smooth part's gradient l2 w", () => {
  const weights = Float64Array.of(3, -4, 2);
  const [all, free] = [true, false].map((intercept) => ({ columns: 3, intercept: !intercept }));
  expect(penalty({ l2: 0.5, l1: 0 }, weights, all!)).toBe((0.5 / 2) * 29);
  expect(penalty({ l2: 0.5, l1: 0 }, weights, free!)).toBe((0.5 / 2) * 25);
  expect(penalty({ l2: 0.5, l1: 2 }, weights, free!)).toBe((0.5 / 2) * 25 + 2 * 7);
  const added = Float64Array.of(1, 1, 1);
  addPenaltyGradient(0.5, weights, free!, added);
  expect([...added]).toEqual([2.5, -1, 1]);
  addPenaltyGradient(0.5, weights, all!, added);
  expect([...added]).toEqual([4, -3, 2]);
});

test("every output has an intercept of its own", () => {
  const shape = { columns: 2, intercept: true };
  expect(penalty({ l2: 2, l1: 1 }, Float64Array.of(1, 9, -3, 9), shape)).toBe(1 + 9 + 1 + 3);
});

function sums(problem: Problem, examples: Examples, weights: Float32Array) {
  const gradient = new Float64Array(weights.length);
  const loss = problem.lossAndGradient(examples, weights, gradient);
  return { loss, gradient };
}

function mixtures({ rows, targets }: Examples): Examples {
  const s = matrix(rows.rows, rows.rows, (i, j) => hadamardEntry(i, j) / 4);
  const mixed = (values: Float32Array, width: number) =>
    Float32Array.from(
      product(
        s,
        matrix(rows.rows, width, (i, j) => values[i * width + j]!),
      ).values,
    );
  return {
    rows: { ...rows, values: mixed(rows.values, rows.columns) } as Examples["rows"],
    targets: mixed(targets, 1),
  };
}

/** Where the gradient turns fastest at 0; of two classes, one against the other. */
function steepest(problem: Problem, top: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  if (problem.weightsLength(columns, 2) === columns) return top;
  return Float32Array.from([...top, ...top.map((value) => -value)]);
}

function topEigenvector(squares: Float64Array): Float32Array<ArrayBuffer> {
  let v = Float64Array.from({ length: columns }, (_, j) => 1 + j / 10);
  for (let step = 0; step < 3000; step++) {
    const image = v.map((_, i) => dot(squares.subarray(i * columns, (i + 1) * columns), v));
    const length = Math.sqrt(dot(image, image));
    v = image.map((value) => value / length);
  }
  return Float32Array.from(v);
}

/** The largest difference, relative to the largest entry of `b`. */
function apart(a: Float64Array, b: Float64Array): number {
  expect(a).toHaveLength(b.length);
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / largest;
}
