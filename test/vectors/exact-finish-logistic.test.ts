import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { linearExamples, type Setting, trial } from "../run/fixtures.ts";
import { exactRun, type Live } from "../strategies/rounds/exact-run.ts";

/**
 * A loss that is not quadratic, over uncoded rows, 12 of 16 slots: est_A(g(w) - g(a)) + g(a) is
 * the variance-reduced gradient of Johnson and Zhang, NIPS 2013, and the losses along a line are
 * tilted by what is known at the anchor. The end is held against plain gradient descent in double
 * precision.
 */
const [workers, rows, columns, l2] = [16, 400, 8, 0.01];
const linear = linearExamples(rows, columns, 3, randomFrom("logistic"));
const examples = { ...linear, targets: linear.targets.map((target) => Number(target > 0)) };
const least = objective(longDescent());

describe.each<Live>(["random", "fixed"])("logistic regression, %s slots", (live) => {
  it.each([{ type: "l-bfgs" }, { type: "gradient-descent", step: 0.8 }])(
    "$type ends at the optimum where corrected",
    (optimizer) => {
      const gapOf = (exact: Setting["exact"]) => {
        const made = trial({
          workers,
          examples,
          problem: { type: "logistic", l2 },
          optimizer,
          wait: { fastest: 12 },
          roundsMax: 120,
          ...(exact === undefined ? {} : { exact }),
        });
        return objective(exactRun(made, live, 12).state.weights) / least - 1;
      };
      expect(gapOf(undefined)).toBeGreaterThan(1e-4);
      expect(gapOf({ everyRounds: 5 })).toBeLessThan(1e-10);
    },
  );
});

function marginsAt(weights: ArrayLike<number>): number[] {
  const { values } = examples.rows as Extract<typeof examples.rows, { kind: "dense" }>;
  return Array.from({ length: rows }, (_, i) => {
    let margin = 0;
    for (let j = 0; j < columns; j++) margin += values[i * columns + j]! * weights[j]!;
    return margin;
  });
}

function objective(weights: ArrayLike<number>): number {
  const losses = marginsAt(weights).map(
    (margin, i) =>
      Math.max(margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))) - examples.targets[i]! * margin,
  );
  const square = Array.from(weights).reduce((sum, value) => sum + value * value, 0);
  return losses.reduce((sum, loss) => sum + loss, 0) / rows + (l2 / 2) * square;
}

/** So many steps of 2, which is below 1/L here, that nothing moves any more. */
function longDescent(): Float64Array {
  const { values } = examples.rows as Extract<typeof examples.rows, { kind: "dense" }>;
  const weights = new Float64Array(columns);
  for (let step = 0; step < 4000; step++) {
    const gradient = Array.from(weights, (weight) => l2 * weight);
    for (const [i, margin] of marginsAt(weights).entries()) {
      const slope = (1 / (1 + Math.exp(-margin)) - examples.targets[i]!) / rows;
      for (let j = 0; j < columns; j++) gradient[j]! += slope * values[i * columns + j]!;
    }
    for (let j = 0; j < columns; j++) weights[j]! -= 2 * gradient[j]!;
  }
  return weights;
}
