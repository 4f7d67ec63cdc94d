import assert from "node:assert/strict";
import type { Examples } from "../math/rows.ts";
import { hadamardEntry } from "../math/transforms.ts";
import { addScaled, dot } from "../math/vector.ts";
import type { Problem } from "../problems/problem.ts";
import { gram, matrix, product } from "./dense.ts";
import { eigenvalues } from "./eigenvalues.ts";
import {
  exactExamples,
  exactWeights,
  partOf,
  sparseOf,
  weightsLengthOf,
} from "./exact-examples.ts";
import { above, below, type Laws, relativeDifference, type TestRunner, testLaws } from "./laws.ts";
import { clippedGradientLaws, rowWeightLaws } from "./problem-rows.ts";

/** Somebody's problem. */
export interface ProblemUnderTest {
  readonly name: string;
  readonly problem: Problem;
  /** Its metrics, computed from their definitions; where absent, only their sums are tested. */
  readonly metrics?: (
    examples: Examples,
    weights: Float32Array,
  ) => Readonly<Record<string, number>>;
}

/**
 * The contract of a problem, as tests: the gradient is the derivative of the loss, sums over parts
 * add up, sparse rows are dense rows, `isQuadratic` is true only if it is, and rows that weigh or
 * are clipped one by one. For problems that are computed in double precision.
 */
export function testProblem(member: ProblemUnderTest, runner: TestRunner): void {
  const { problem } = member;
  // A problem of pairs or with a way of its own has no gradient of each row.
  const clips = problem.pairs === undefined && problem.addClippedGradient === undefined;
  const all = { ...laws, ...rowWeightLaws, ...(clips ? clippedGradientLaws : {}) };
  testLaws(runner, `${member.name} problem`, all, member);
}

const columns = 7;

/** Forty rows, and weights for them. */
function pointOf(problem: Problem) {
  const length = weightsLengthOf(problem, columns);
  const examples = exactExamples(problem, 40, columns);
  return { length, examples, weights: exactWeights(length, "weights") };
}

const laws: Laws<ProblemUnderTest> = {
  "has as its gradient the derivative of the loss, by central differences"({ problem }) {
    const { length, examples, weights } = pointOf(problem);
    const { gradient } = sums(problem, examples, weights);
    // A power of two, so that w + h and w - h are exact in single precision.
    const h = 2 ** -9;
    for (let j = 0; j < length; j++) {
      const [up, down] = [1, -1].map((sign) => {
        const moved = weights.slice();
        moved[j]! += sign * h;
        return sums(problem, examples, moved).loss;
      });
      const difference = (up! - down!) / (2 * h) - gradient[j]!;
      below(Math.abs(difference), 1e-4, `what entry ${j} of the gradient is off`);
    }
  },

  "adds losses and gradients of parts up to the whole, onto what is there"({ problem }) {
    const { length, examples, weights } = pointOf(problem);
    const whole = sums(problem, examples, weights);
    const gradient = new Float64Array(length);
    let loss = 0;
    for (const [from, to] of [[0, 13] as const, [13, 14] as const, [14, 40] as const])
      loss += problem.lossAndGradient(partOf(examples, from, to), weights, gradient);
    below(Math.abs(loss / whole.loss - 1), 1e-13, "what the loss is off");
    below(relativeDifference(gradient, whole.gradient), 1e-12, "what the gradient is off");
    assert.equal(problem.lossAndGradient(partOf(examples, 0, 0), weights, gradient), 0);
  },

  "leaves its inputs alone"({ problem }) {
    const { length, examples, weights } = pointOf(problem);
    const sparse = sparseOf(examples);
    const direction = exactWeights(length, "direction");
    const steps = Float64Array.of(0.5, 1);
    const before = structuredClone({ examples, sparse, weights, direction, steps });
    for (const x of [examples, sparse]) {
      sums(problem, x, weights);
      problem.lineSearchTerms(x, weights, direction, steps);
      const tally = problem.tally(x, weights);
      const copy = tally.slice();
      problem.metrics(tally);
      assert.deepEqual(tally, copy);
    }
    assert.deepEqual({ examples, sparse, weights, direction, steps }, before);
  },

  "gives for sparse rows what it gives for dense rows"({ problem }) {
    const { length, examples, weights } = pointOf(problem);
    const sparse = sparseOf(examples);
    const direction = exactWeights(length, "direction");
    const [a, b] = [sums(problem, examples, weights), sums(problem, sparse, weights)];
    below(Math.abs(a.loss - b.loss), 1e-12 * a.loss, "the difference of the losses");
    below(relativeDifference(a.gradient, b.gradient), 1e-12, "the difference of the gradients");
    const steps = Float64Array.of(0, 1);
    const terms = [examples, sparse].map((x) =>
      problem.lineSearchTerms(x, weights, direction, steps),
    );
    below(relativeDifference(terms[0]!, terms[1]!), 1e-12, "the difference of the terms");
    const tallies = [examples, sparse].map((x) => problem.tally(x, weights));
    below(relativeDifference(tallies[0]!, tallies[1]!), 1e-12, "the difference of the tallies");
  },

  "is quadratic exactly if sums over S X, S y with S'S = cI are c times the sums"({ problem }) {
    // 64 rows through the Sylvester matrix over 4: S'S = 4 I, and every entry stays exact.
    const plain = exactExamples(problem, 64, columns);
    const { weights } = pointOf(problem);
    const [own, mixed] = [plain, mixtures(plain)].map((x) => sums(problem, x, weights));
    const fourfold = own!.gradient.map((value) => 4 * value);
    const isSame =
      relativeDifference(mixed!.gradient, fourfold) < 1e-12 &&
      Math.abs(mixed!.loss / own!.loss - 4) < 1e-12;
    assert.equal(problem.isQuadratic, isSame);
  },

  "tells a line search the quadratic's coefficient, or the loss at each step"({ problem }) {
    const { length, examples, weights } = pointOf(problem);
    const direction = exactWeights(length, "direction");
    const steps = Float64Array.of(0, 0.25, 0.5, 1, -2);
    const terms = problem.lineSearchTerms(examples, weights, direction, steps);
    const { loss, gradient } = sums(problem, examples, weights);
    assert.equal(terms.length, problem.isQuadratic ? 1 : steps.length);
    for (const [i, step] of steps.entries()) {
      const there = sums(problem, examples, addScaled(weights.slice(), step, direction)).loss;
      const quadratic = loss + step * dot(gradient, direction) + (step * step * terms[0]!) / 2;
      const said = problem.isQuadratic ? quadratic : terms[i]!;
      below(Math.abs(said - there), 1e-11 * Math.max(loss, there), `the error at step ${step}`);
    }
  },

  "bounds by its smoothness how fast the mean gradient turns"({ problem }) {
    const { examples, weights } = pointOf(problem);
    const { rows } = examples;
    const x = matrix(rows.rows, columns, (i, j) => rows.values[i * columns + j]!);
    const squares = gram(x);
    const bound = problem.smoothness(eigenvalues(squares).at(-1)! / rows.rows);
    // Of fourth order in the weights: no bound holds everywhere.
    if (problem.pairs !== undefined) return assert.equal(bound, Number.POSITIVE_INFINITY);
    // It turns fastest at 0, along the top eigenvector.
    const top = steepest(problem, topEigenvector(squares.values));
    const ofTwo = { rows, targets: examples.targets.map((target) => Math.min(target, 1)) };
    for (const [of, from, by] of [
      [ofTwo, new Float32Array(top.length), top],
      [examples, weights, exactWeights(weights.length, "turn")],
    ] as const) {
      const start = sums(problem, of, from).gradient;
      const to = addScaled(from.slice(), 2 ** -8, by);
      const turn = sums(problem, of, to).gradient.map((value, j) => value - start[j]!);
      const way = Float64Array.from(to, (value, j) => value - from[j]!);
      const rate = Math.sqrt(dot(turn, turn) / dot(way, way)) / rows.rows;
      below(rate, bound * (1 + 1e-6), "the rate at which the gradient turns");
      if (by === top) above(rate, 0.99 * bound, "the rate where it is fastest");
    }
  },

  "adds tallies up, and gives the mean loss and the metrics by their definitions"(member) {
    const { problem } = member;
    const { examples, weights } = pointOf(problem);
    const total = problem.tally(partOf(examples, 0, 11), weights);
    addScaled(total, 1, problem.tally(partOf(examples, 11, 40), weights));
    const { meanLoss, metrics } = problem.metrics(total);
    const loss = sums(problem, examples, weights).loss / 40;
    below(Math.abs(meanLoss / loss - 1), 1e-12, "what the mean loss is off");
    const expected =
      member.metrics?.(examples, weights) ??
      problem.metrics(problem.tally(examples, weights)).metrics;
    assert.deepEqual(Object.keys(metrics).sort(), Object.keys(expected).sort());
    for (const [name, value] of Object.entries(metrics))
      below(Math.abs(value - expected[name]!), 1e-11, `what ${name} is off`);
  },

  "stays finite at huge margins"({ problem }) {
    const { examples, weights } = pointOf(problem);
    const far = weights.map((weight) => weight * 2 ** 12);
    const { loss, gradient } = sums(problem, examples, far);
    assert([loss, ...gradient].every(Number.isFinite));
    above(loss, 0, "the loss");
  },
};

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
