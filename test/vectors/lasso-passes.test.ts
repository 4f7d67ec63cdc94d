import { describe, expect, test } from "vitest";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { scene, segment } from "../simulation/simulated-run.ts";

/*
 * Passes over the rows until the objective is within 1e-6 of the optimum, beside those of cyclic
 * coordinate descent, which is what scikit-learn does. `npm run conformance -- scikit-learn` counts
 * scikit-learn's own on the same kind of sets.
 */

/** Standardised columns that share one direction, and a target of every third. */
function collinear(rows: number, columns: number, common: number, random: Random) {
  const x = Array.from({ length: rows }, () => {
    const shared = Math.sqrt(common) * random.normal();
    return Array.from({ length: columns }, () => {
      return shared + Math.sqrt(1 - common) * random.normal();
    });
  });
  const truth = Array.from({ length: columns }, (_, j) => (j % 3 === 0 ? random.normal() : 0));
  const y = x.map((row) => row.reduce((sum, v, j) => sum + v * truth[j]!, random.normal() / 2));
  for (let j = 0; j < columns; j++)
    standardise(x.map((row) => row[j]!)).forEach((v, i) => {
      x[i]![j] = v;
    });
  return { x, y };
}

function standardise(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return values.map((value) => (value - mean) / deviation);
}

/** The objective after each pass of cyclic coordinate descent, from zeros. */
function* descents(x: readonly number[][], y: readonly number[], l1: number) {
  const [n, columns] = [x.length, x[0]!.length];
  const mean = y.reduce((a, b) => a + b) / n;
  const residual = y.map((value) => value - mean);
  const weights = new Float64Array(columns);
  for (;;) {
    for (let j = 0; j < columns; j++) {
      let pull = weights[j]!;
      for (let i = 0; i < n; i++) pull += (x[i]![j]! * residual[i]!) / n;
      const next = Math.sign(pull) * Math.max(0, Math.abs(pull) - l1);
      const change = next - weights[j]!;
      weights[j] = next;
      if (change !== 0) for (let i = 0; i < n; i++) residual[i]! -= change * x[i]![j]!;
    }
    const squares = residual.reduce((sum, r) => sum + r * r, 0);
    yield squares / 2 / n + l1 * weights.reduce((sum, w) => sum + Math.abs(w), 0);
  }
}

describe.each([
  ["200 x 12, correlated by .999", 200, 12, 0.999],
  ["40 x 60, correlated by .95", 40, 60, 0.95],
  ["300 x 8, hardly correlated", 300, 8, 0.1],
] as const)("%s", (name, rows, columns, common) => {
  test.each([0.1, 0.01])("l1 is %d of the largest", async (share) => {
    const { x, y } = collinear(rows, columns, common, randomFrom(name));
    const pulls = x[0]!.map((_, j) =>
      Math.abs(x.reduce((sum, row, i) => sum + row[j]! * y[i]!, 0)),
    );
    const l1 = (share * Math.max(...pulls)) / rows;
    const path: number[] = [];
    for (const objective of descents(x, y, l1)) {
      path.push(objective);
      if (path.length >= 20_000 || path.at(-2)! - objective === 0) break;
    }
    const near = path.at(-1)! * (1 + 1e-6);
    const passes = 1 + path.findIndex((objective) => objective <= near);
    const names = x[0]!.map((_, j) => `x${j}`);
    const text = [[...names, "y"], ...x.map((row, i) => [...row, y[i]!])].join("\n");
    const told: number[] = [];
    const start = await scene(
      {
        ...{ problem: { type: "lasso", l1 }, data: { source: "table.csv", target: "y", test: 0 } },
        ...{ workers: 4, wait: "all", encoding: "uncoded" },
      },
      `${text}\n`,
    );
    const end = await segment(start, {
      listen: (event) => {
        if (event.type === "round") told.push(event.objectiveEstimate);
      },
    });
    // Each round tells the objective that it began at; X'X took one pass more.
    const ours = 1 + told.findIndex((objective) => objective <= near);
    expect(told.some((objective) => objective <= near)).toBe(true);
    expect(ours).toBeLessThanOrEqual(2 * passes);
    expect(end.rounds).toBeLessThan(10);
  });
});
