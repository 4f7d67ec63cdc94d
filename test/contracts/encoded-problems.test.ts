import { describe, expect, test } from "vitest";
import type { Encoding } from "../../src/encoding/encoding.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { matrix, product, row } from "../../src/testing/dense.ts";
import { exactExamples, exactWeights, weightsLengthOf } from "../../src/testing/exact-examples.ts";
import { storedCode, subsets } from "../../src/testing/stored-code.ts";
import { encodingExamples } from "./encoding-examples.ts";
import { problemExamples } from "./problem-examples.ts";

const columns = 5;

const exact = encodingExamples.filter(({ encoding }) => encoding.tight);

describe.each(exact)("over rows stored by $name", ({ encoding, isSigned }) => {
  const held = problemExamples.filter(({ problem }) => problem.isQuadratic || !encoding.mixes);

  test.each(held)("all slots give the loss and gradient of $name", ({ problem }) => {
    for (const [workers, rows] of [
      [8, 200],
      [4, 3],
      [64, 333],
    ] as const) {
      const examples = exactExamples(problem, rows, columns);
      const slots = [...Array(workers).keys()];
      const given = estimated(problem, encoding, examples, slots, workers);
      const truth = sums(problem, examples);
      // Mixtures, and what rows count, are rounded to single precision where they are stored.
      const tolerance = encoding.mixes || isSigned ? 1e-5 : 1e-12;
      for (const [j, value] of truth.entries())
        expect(Math.abs(given[j]! - value)).toBeLessThan(tolerance * largest(truth));
    }
  });
});

describe("hadamard with redundancy 2, whose entries are eighths and so are exact", () => {
  const encoding = encodings.create({ type: "hadamard" });
  const { problem } = problemExamples.find((one) => one.problem.isQuadratic)!;
  const examples = exactExamples(problem, 128, columns);
  const truth = sums(problem, examples);

  test.each([1, 2, 5, 7])("the mean over all sets of %i of 8 slots is the full sum", (count) => {
    const mean = new Float64Array(truth.length);
    const all = subsets(8, count);
    for (const arrived of all) {
      const given = estimated(problem, encoding, examples, arrived, 8);
      for (const [j, value] of given.entries()) mean[j]! += value / all.length;
    }
    for (const [j, value] of truth.entries())
      expect(Math.abs(mean[j]! - value)).toBeLessThan(1e-9 * largest(truth));
  });
});

describe("replication 2 over 8 slots: 0 and 4, 1 and 5, 2 and 6, 3 and 7 are copies", () => {
  const encoding = encodings.create({ type: "replication" });
  const code = storedCode(encoding, 101, 8);
  const rowsHeld = (slot: number) =>
    code.slots
      .flatMap((s, i) => (s === slot ? [row(code.s, i).indexOf(1)] : []))
      .sort((a, b) => a - b);

  test("copies hold the same rows, groups no row in common", () => {
    for (let group = 0; group < 4; group++) expect(rowsHeld(group)).toEqual(rowsHeld(group + 4));
    const all = [0, 1, 2, 3].flatMap(rowsHeld).sort((a, b) => a - b);
    expect(all).toEqual([...Array(101).keys()]);
  });

  test("the first copy counts and the second is discarded", () => {
    expect(encoding.weights([0, 1, 2, 3, 4], code.shares, 101)).toEqual([1, 1, 1, 1, 0]);
    expect(encoding.weights([1, 2, 3, 4], code.shares, 101)).toEqual([1, 1, 1, 1]);
    const all = [0, 1, 2, 3, 4, 5, 6, 7];
    expect(encoding.weights(all, code.shares, 101)).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  test("where a whole group is lost, the others stand for it by their rows", () => {
    const given = encoding.weights([0, 1, 2, 4, 5], code.shares, 101)!;
    const seen = code.shares[0]! + code.shares[1]! + code.shares[2]!;
    expect(given).toEqual([101 / seen, 101 / seen, 101 / seen, 0, 0]);
  });

  test("a number of workers that it does not divide is refused, others are not", () => {
    const refused = [1, 2, 3, 4, 7, 64].filter((workers) => encoding.refusal(workers) !== null);
    expect(refused).toEqual([1, 3, 7]);
    expect(encoding.refusal(7)).toBe("replication 2 needs a number of workers that 2 divides");
    for (const type of ["uncoded", "hadamard"])
      expect(encodings.create({ type }).refusal(7)).toBeNull();
  });
});

/** Loss and gradient as the weighted replies of some slots estimate them. */
function estimated(
  problem: Problem,
  encoding: Encoding,
  examples: Examples,
  arrived: readonly number[],
  workers: number,
): Float64Array {
  const { shards, storedRows } = stored(encoding, examples, workers);
  const factors = encoding.weights(arrived, storedRows, examples.rows.rows)!;
  const total = new Float64Array(weightsLengthOf(problem, columns) + 1);
  for (const [i, slot] of arrived.entries())
    for (const [j, value] of sums(problem, shards[slot]!).entries())
      total[j]! += factors[i]! * value;
  return total;
}

/** Every slot's rows and targets in single precision, as they are stored. */
function stored(encoding: Encoding, { rows, targets }: Examples, workers: number) {
  const code = storedCode(encoding, rows.rows, workers, "stored");
  const x = matrix(rows.rows, columns, (i, j) => rows.values[i * columns + j]!);
  const mixed = product(code.s, x);
  const labels = product(
    code.s,
    matrix(rows.rows, 1, (i) => targets[i]!),
  );
  const isWeighted = code.weights.some((weight) => weight !== 1);
  const shards = code.shares.map((share, slot): Examples => {
    const held = [...code.slots.keys()].filter((i) => code.slots[i] === slot);
    const values = Float32Array.from(held.flatMap((i) => [...row(mixed, i)]));
    return {
      rows: { kind: "dense", rows: share, columns, values },
      targets: Float32Array.from(held, (i) => labels.values[i]!),
      ...(isWeighted ? { weights: Float32Array.from(held, (i) => code.weights[i]!) } : {}),
    };
  });
  return { shards, storedRows: code.shares };
}

/** The gradient's sum, and behind it the loss's. */
function sums(problem: Problem, examples: Examples): Float64Array {
  const weights = exactWeights(weightsLengthOf(problem, columns), "weights");
  const gradient = new Float64Array(weights.length);
  const loss = problem.lossAndGradient(examples, weights, gradient);
  return Float64Array.of(...gradient, loss);
}

function largest(values: Float64Array): number {
  return Math.max(...values.map(Math.abs));
}
