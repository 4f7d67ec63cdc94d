import { describe, expect, test } from "vitest";
import { addPenaltyGradient, penalty } from "../../src/problems/penalty.ts";
import { testProblem } from "../../src/testing/problem.ts";
import { metricsByHand } from "./metrics-by-hand.ts";
import { problemExamples } from "./problem-examples.ts";

for (const { name, problem } of problemExamples)
  testProblem(
    { name, problem, metrics: (examples, weights) => metricsByHand(problem, examples, weights) },
    { describe, test },
  );

test("the problems that private training is for clip their rows", () => {
  const clipping = problemExamples.filter(
    ({ problem }) => problem.pairs === undefined && problem.addClippedGradient === undefined,
  );
  const names = new Set(clipping.map(({ name }) => name.split(/[ {]/)[0]));
  for (const name of ["logistic", "softmax", "ridge"]) expect(names).toContain(name);
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
