import { describe, expect, test } from "vitest";
import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";
import {
  exactExamples,
  exactWeights,
  lengthOf,
  partOf,
  problemExamples,
  sparseOf,
} from "./problem-data.ts";

/* Rows that count more or less than one, as those of a cyclic gradient code do. */

const columns = 7;
const rows = 12;
const counts = Float32Array.of(2, 2, -0.5, -0.5, -0.5, 1, 3, 0, 0, 2, 2, 2);

describe.each(problemExamples)("$name", ({ problem }) => {
  const examples = exactExamples(problem, rows, columns);
  const length = lengthOf(problem, columns);
  const weights = exactWeights(length, "weights");
  const direction = exactWeights(length, "direction");
  const steps = Float64Array.of(0.5, 1);

  test.each(["dense", "sparse"])("%s sums count each row as often as told", (kind) => {
    const given = kind === "dense" ? examples : sparseOf(examples);
    const weighted = { ...given, weights: counts };
    const one = everything(problem, weighted);
    const added = new Float64Array(one.length);
    for (const [row, count] of counts.entries())
      for (const [j, value] of everything(problem, partOf(examples, row, row + 1)).entries())
        added[j]! += count * value;
    for (const [j, value] of added.entries())
      expect(Math.abs(one[j]! - value)).toBeLessThan(1e-11 * (1 + Math.abs(value)));
    // The same examples again give the same bits.
    expect(everything(problem, weighted)).toEqual(one);
  });

  test("weights of one are no weights", () => {
    const ones = { ...examples, weights: new Float32Array(rows).fill(1) };
    expect(everything(problem, ones)).toEqual(everything(problem, examples));
  });

  /** Loss, gradient and what a line search asks for, one after another. */
  function everything(of: Problem, given: Examples): Float64Array {
    const gradient = new Float64Array(length);
    const loss = of.lossAndGradient(given, weights, gradient);
    return Float64Array.of(
      loss,
      ...gradient,
      ...of.lineSearchTerms(given, weights, direction, steps),
    );
  }
});
