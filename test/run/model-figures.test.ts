import { describe, expect, it } from "vitest";
import type { Prepared } from "../../src/data/manifests.ts";
import { DensePartWriter } from "../../src/data/parts/dense-parts.ts";
import { problems } from "../../src/problems/registry.ts";
import { modelFigures } from "../../src/run/model-figures.ts";
import { memoryStore } from "../data/fixtures.ts";
import golden from "../fixtures/scikit-learn/figures.json" with { type: "json" };

/** Rows whose features are the outputs themselves: the weights of output k take feature k. */
async function figuresOf(
  of: { outputs: number[][]; targets: number[] },
  type: string,
  labels: string[] | null,
) {
  const store = memoryStore();
  const columns = of.outputs[0]!.length;
  const writer = new DensePartWriter(store, columns);
  for (const [i, row] of of.outputs.entries()) {
    writer.values.set(row, writer.used * columns);
    writer.targets[writer.used++] = of.targets[i]!;
    if (writer.isFull()) await writer.flush();
  }
  const test = await writer.close();
  const names = Array.from({ length: columns }, (_, i) => `x${i}`);
  const preparation = {
    version: 1,
    columns: [],
    target: { name: "y", classes: labels },
    intercept: false,
    featureNames: names,
    sparse: false,
  };
  const prepared = { preparation, columns, rows: 0, testRows: of.targets.length, test, train: [] };
  const weights = new Float32Array(columns * columns);
  for (let i = 0; i < columns; i++) weights[i * (columns + 1)] = 1;
  const problem = problems.create(problems.resolve({ type }, "problem"));
  return (await modelFigures(store, prepared as unknown as Prepared, problem, weights))!;
}

/** Equal numbers, wherever they stand, to nine digits. */
function same(found: unknown, expected: unknown): void {
  const flat = (value: unknown): unknown[] =>
    typeof value === "object" && value !== null ? Object.values(value).flatMap(flat) : [value];
  const [a, b] = [flat(found), flat(expected)];
  expect(a).toHaveLength(b.length);
  for (const [i, value] of b.entries())
    if (typeof value === "number") expect(a[i]).toBeCloseTo(value, 9);
    else expect(a[i]).toBe(value);
}

/* Expected values: scikit-learn's on the same predictions; figures.json says how they were made. */
describe("figures of a model are scikit-learn's on the same predictions", () => {
  it("of two classes: confusion, Brier score, reliability, calibration error", async () => {
    const { rows, expected } = golden.two;
    const { classes, importance, of } = await figuresOf(rows, "logistic", ["no", "yes"]);
    expect([of, classes!.confusion]).toEqual(["test", expected.confusion]);
    expect(classes!.baseLogloss).toBeCloseTo(expected.baseLogloss, 9);
    const { brier, expectedError, bins } = classes!.calibration!;
    same([brier, expectedError], [expected.brier, expected.expectedError]);
    same(
      bins.map(({ rows, predicted, observed }) => [rows, predicted, observed]),
      expected.bins,
    );
    same(
      importance!.map(({ perDeviation }) => perDeviation),
      expected.deviations,
    );
  });

  it("of several classes", async () => {
    const { rows, expected } = golden.several;
    const { classes } = await figuresOf(rows, "softmax", ["a", "b", "c"]);
    expect(classes!.confusion).toEqual(expected.confusion);
    const { brier, expectedError, bins, of } = classes!.calibration!;
    same(
      [brier, expectedError, classes!.baseLogloss],
      [expected.brier, expected.expectedError, expected.baseLogloss],
    );
    expect(of).toBeNull();
    same(
      bins.map(({ rows, predicted, observed }) => [rows, predicted, observed]),
      expected.bins,
    );
  });

  it("of numbers: residuals' mean and quantiles", async () => {
    const { rows, expected } = golden.numbers;
    const { residuals, classes } = await figuresOf(rows, "ridge", null);
    expect(classes).toBeUndefined();
    same(residuals, expected);
  });
});
