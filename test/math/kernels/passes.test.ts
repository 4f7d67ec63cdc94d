import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { allocateDenseRows } from "../../../src/math/kernels/allocation.ts";
import { lossAndGradientFused } from "../../../src/math/kernels/passes.ts";
import { residentEntriesMin, wasmMatrixOf } from "../../../src/math/kernels/wasm-matrix.ts";
import { addTransposed, multiply } from "../../../src/math/products.ts";
import type { DenseRows, Examples, Rows } from "../../../src/math/rows.ts";
import {
  byHand,
  labels,
  normals,
  ordinary,
  residentPacked,
  residentRows,
  residentSparse,
} from "./by-hand.ts";

/** The bound that docs/kernels.md states, relative to the sums of absolute terms. */
const bound = 35 * 2 ** -24;
const losses = ["leastSquares", "logistic"] as const;

function fused(loss: (typeof losses)[number], examples: Examples, weights: Float32Array) {
  const gradient = new Float64Array(weights.length);
  const sum = lossAndGradientFused(loss, examples, weights, gradient);
  expect(sum).not.toBeNull();
  return { loss: sum!, gradient };
}

function withoutFirst(rows: DenseRows, skip: number): DenseRows {
  return { ...rows, rows: rows.rows - skip, values: rows.values.subarray(skip * rows.columns) };
}

/** The largest of |a_i - b_i| / scale_i. */
function apart(a: Float64Array, b: Float64Array, scale: Float64Array): number {
  return a.reduce((worst, value, i) => {
    const off = Math.abs(value - b[i]!);
    return Math.max(worst, off === 0 ? 0 : off / scale[i]!);
  }, 0);
}

describe.each(losses)("the fused pass of %s", (loss) => {
  test.each([
    [1, 1],
    [1, 9],
    [3, 7],
    [4, 8],
    [5, 16],
    [31, 33],
    [70, 129],
    [257, 21],
    [2, 1000],
  ])("of %i rows of %i columns is the sum by hand", (rows, columns) => {
    const random = randomFrom(rows * 1000 + columns);
    const x = residentRows(rows, columns, random);
    const examples = { rows: x, targets: labels(rows, random) };
    const weights = normals(columns, random);
    const known = byHand(loss, examples, weights);
    const { loss: sum, gradient } = fused(loss, examples, weights);
    expect(apart(gradient, known.gradient, known.terms)).toBeLessThan(bound);
    const most = Math.max(known.loss, ...known.marginTerms);
    expect(Math.abs(sum - known.loss)).toBeLessThan(bound * most * rows);
    // Far better than the bound where nothing conspires.
    const length = Math.hypot(...known.gradient);
    const off = gradient.map((value, j) => value - known.gradient[j]!);
    expect(Math.hypot(...off)).toBeLessThan(1e-6 * length);
  });

  test("any shape, any slice of the rows, any counts", () => {
    const shape = fc.record({
      rows: fc.integer({ min: 0, max: 40 }),
      columns: fc.integer({ min: 1, max: 40 }),
      skip: fc.nat(8),
      storage: fc.constantFrom("float32", "bfloat16", "int8"),
      seed: fc.nat(),
      counted: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, ({ rows, columns, skip, storage, seed, counted }) => {
        const random = randomFrom(seed);
        const x =
          storage === "float32"
            ? withoutFirst(residentRows(rows + skip, columns, random), skip)
            : residentPacked(storage, rows, columns, random);
        const examples = {
          rows: x,
          targets: labels(rows, random),
          ...(counted ? { weights: normals(rows, random) } : {}),
        };
        const weights = normals(columns, random);
        const known = byHand(loss, examples, weights);
        const found = fused(loss, examples, weights);
        expect(apart(found.gradient, known.gradient, known.terms)).toBeLessThan(2 * bound);
      }),
      { numRuns: 100 },
    );
  });

  test("long sums of equal terms, whose roundings conspire, stay within the bound", () => {
    for (const [rows, columns] of [
      [60_000, 3],
      [3, 60_000],
    ] as const) {
      const x = allocateDenseRows(rows, columns);
      x.values.fill(1);
      const examples = { rows: x, targets: new Float32Array(rows).fill(0.4) };
      const weights = new Float32Array(columns).fill(0.1 / columns);
      const known = byHand(loss, examples, weights);
      const found = fused(loss, examples, weights);
      expect(apart(found.gradient, known.gradient, known.terms)).toBeLessThan(bound);
    }
  });

  test("sparse rows are summed in double precision", () => {
    const random = randomFrom("sparse");
    for (const [rows, columns, density] of [
      [50, 30, 0.2],
      [7, 300, 0.01],
      [1, 1, 1],
      [20, 5, 0],
    ] as const) {
      const x = residentSparse(rows, columns, density);
      const examples = { rows: x, targets: labels(rows, random) };
      const weights = normals(columns, random);
      const known = byHand(loss, examples, weights);
      const found = fused(loss, examples, weights);
      expect(apart(found.gradient, known.gradient, known.terms)).toBeLessThan(1e-14);
      expect(Math.abs(found.loss - known.loss)).toBeLessThan(1e-12 * known.loss);
    }
  });

  test("adds to what is there, and once more gives the same bits", () => {
    const random = randomFrom("twice");
    const examples = { rows: residentRows(45, 19, random), targets: labels(45, random) };
    const weights = normals(19, random);
    const once = fused(loss, examples, weights);
    fused(loss, examples, normals(19, random));
    expect(fused(loss, examples, weights)).toEqual(once);
    const gradient = Float64Array.from({ length: 19 }, (_, j) => j);
    lossAndGradientFused(loss, examples, weights, gradient);
    expect(gradient).toEqual(once.gradient.map((value, j) => value + j));
  });

  test.each(["values", "targets", "weights"])("NaN among the %s comes through", (where) => {
    const random = randomFrom("nan");
    const examples = { rows: residentRows(9, 11, random), targets: labels(9, random) };
    const weights = normals(11, random);
    const arrays = { values: examples.rows.values, targets: examples.targets, weights };
    arrays[where as keyof typeof arrays][5] = Number.NaN;
    const found = fused(loss, examples, weights);
    expect(found.loss).toBeNaN();
    expect(found.gradient.every(Number.isNaN)).toBe(true);
  });

  test("margins of thousands stay finite", () => {
    const random = randomFrom("far");
    const examples = { rows: residentRows(9, 11, random), targets: labels(9, random) };
    const found = fused(
      loss,
      examples,
      normals(11, random).map((w) => 2e4 * w),
    );
    expect([found.loss, ...found.gradient].every(Number.isFinite)).toBe(true);
  });
});

describe("products of rows in a kernel's memory", () => {
  const random = randomFrom("products");
  const cases: [string, Rows][] = [
    ["dense", residentRows(123, 77, random)],
    ["dense and narrow", residentRows(60, 3, random)],
    ["bfloat16", residentPacked("bfloat16", 123, 77, random)],
    ["int8", residentPacked("int8", 123, 77, random)],
    ["int8 and narrow", residentPacked("int8", 60, 3, random)],
    ["sparse", residentSparse(80, 50, 0.1)],
  ];
  test.each(cases)("%s: are those of the same rows in ordinary memory", (_name, x) => {
    const plain = ordinary(x);
    expect([wasmMatrixOf(x) === undefined, wasmMatrixOf(plain) === undefined]).toEqual([
      false,
      true,
    ]);
    const weights = normals(x.columns, random);
    const known = byHand("leastSquares", { rows: x, targets: new Float32Array(x.rows) }, weights);
    const [a, b] = [x, plain].map((rows) => multiply(rows, weights, new Float64Array(x.rows)));
    expect(apart(a!, b!, known.marginTerms)).toBeLessThan(bound);
    const r = Float64Array.from({ length: x.rows }, () => random.normal());
    const terms = addTransposed(
      { ...plain, values: plain.values.map(Math.abs) },
      r.map(Math.abs),
      new Float64Array(x.columns),
    );
    const [c, d] = [x, plain].map((rows) => addTransposed(rows, r, new Float64Array(x.columns)));
    expect(apart(c!, d!, terms)).toBeLessThan(x.kind === "sparse" ? 1e-15 : bound);
  });

  test("weights in double precision are multiplied in double precision", () => {
    const [, x] = cases[0]!;
    const weights = Float64Array.from({ length: x.columns }, () => random.normal());
    const [a, b] = [x, ordinary(x)].map((rows) => multiply(rows, weights, new Float64Array(123)));
    expect(a).toEqual(b);
  });
});

test("size alone decides whether rows live in a kernel's memory", () => {
  const columns = 64;
  const rows = residentEntriesMin / columns;
  expect(wasmMatrixOf(allocateDenseRows(rows - 1, columns))).toBeUndefined();
  expect(wasmMatrixOf(allocateDenseRows(rows, columns))).toBeDefined();
});
