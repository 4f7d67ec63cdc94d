import { expect, test } from "vitest";
import { type Random, randomFrom } from "../../../src/core/random.ts";
import { lossAndGradientFused } from "../../../src/math/kernels/passes.ts";
import { addTransposed, multiply } from "../../../src/math/products.ts";
import type { DenseRows } from "../../../src/math/rows.ts";
import { normals, residentPacked, residentRows } from "./by-hand.ts";

const storages = ["float32", "bfloat16", "int8"] as const;
type Storage = (typeof storages)[number];

/** The columns that four lanes add, one after another, within each chunk of 128 columns. */
function lanes(storage: Storage, columns: number): number[][][] {
  const chunks: number[][][] = [];
  const full = storage === "float32" ? columns - (columns % 8) : columns;
  for (let from = 0; from < full; from += 128) {
    const four: number[][] = [[], [], [], []];
    for (let j = from; j < Math.min(from + 128, full); j++)
      four[storage === "bfloat16" ? (j & 7) >> 1 : j & 3]!.push(j);
    if (storage === "bfloat16")
      for (const one of four) one.sort((a, b) => (a >> 3) - (b >> 3) || (a & 1) - (b & 1));
    chunks.push(four);
  }
  if (full === columns) return chunks;
  // The last eight lanes of float32 begin before the ones before them ended.
  const last: number[][] = [[], [], [], []];
  for (let j = full; j < columns; j++) last[(j - (columns - 8)) & 3]!.push(j);
  return [...chunks, last];
}

/** What rows are multiplied by: `factorOf` a row and its margin. */
interface Pass {
  readonly factorOf: (i: number, margin: number) => number;
  /** The row, of every 32, after which float32 sums join the double ones. */
  readonly flushed: number;
}

/** Of least squares: after seven groups of four rows, then after every eight. */
const leastSquares = (targets: Float32Array, counts?: Float32Array): Pass => ({
  factorOf: (i, margin) => (counts?.[i] ?? 1) * (margin - targets[i]!),
  flushed: 27,
});

/** Margins and sums in the very order in which recorded runs have them. */
function inOrder(
  storage: Storage,
  columns: number,
  { entry, scales }: ReturnType<typeof stored>,
  weights: Float32Array,
  { factorOf, flushed }: Pass,
) {
  const f32 = Math.fround;
  const chunks = lanes(storage, columns);
  const gradient = new Float64Array(columns);
  const sums = new Float32Array(columns);
  const flush = () => {
    for (let j = 0; j < columns; j++) gradient[j]! += sums[j]!;
    sums.fill(0);
  };
  const margins = scales.map((scale, i) => {
    let margin = 0;
    for (const four of chunks) {
      const [a, b, c, d] = four.map((own) =>
        own.reduce((sum, j) => f32(sum + f32(entry(i, j) * weights[j]!)), 0),
      ) as [number, number, number, number];
      margin += a + c + (b + d);
    }
    const factor = f32(scale * factorOf(i, scale * margin));
    for (let j = 0; j < columns; j++) sums[j] = f32(sums[j]! + f32(entry(i, j) * factor));
    if (i % 32 === flushed) flush();
    return scale * margin;
  });
  flush();
  return { margins, gradient };
}

function rowsOf(storage: Storage, rows: number, columns: number, random: Random): DenseRows {
  if (storage === "float32") return residentRows(rows, columns, random);
  return residentPacked(storage, rows, columns, random);
}

test.each(storages)(
  "sums over rows of %s are added in the recorded order, to the bit",
  (storage) => {
    for (const [rows, columns] of [
      [27, 8],
      [28, 129],
      [29, 20],
      [33, 260],
      [61, 40],
      [100, 37],
      // As many as no cache is taken to hold.
      [8_077, 130],
    ] as const) {
      const random = randomFrom(rows);
      const x = rowsOf(storage, rows, columns, random);
      const weights = normals(columns, random);
      const targets = Float32Array.from({ length: rows }, (_, i) => i & 1);
      const gradient = new Float64Array(columns);
      lossAndGradientFused("leastSquares", { rows: x, targets }, weights, gradient);
      const known = inOrder(storage, columns, stored(storage, x), weights, leastSquares(targets));
      expect([...gradient]).toEqual([...known.gradient]);
      expect([...multiply(x, weights, new Float64Array(rows))]).toEqual(known.margins);
    }
  },
);

/** Weights among which are the least and the greatest that there are, and some that are none. */
const extremes: Readonly<Record<string, readonly number[]>> = {
  "next to zero": [1e-45, -3e-40, 1.2e-38, -9e-38, 0],
  "as large as they may be": [3e38, -3e38],
  infinite: [Number.POSITIVE_INFINITY],
  "not a number": [Number.NaN],
};

test.each(
  storages.flatMap((storage) => Object.keys(extremes).map((name) => [storage, name] as const)),
)("of %s the order is the same where weights, or factors, are %s", (storage, name) => {
  for (const [rows, columns] of [
    [13, 4],
    [66, 40],
    [38, 173],
  ] as const) {
    const random = randomFrom(columns);
    const x = rowsOf(storage, rows, columns, random);
    const of = stored(storage, x);
    // Beside larger ones the least would not show in a sum.
    const size = name === "next to zero" ? 2e-38 : 1;
    const some = (length: number) =>
      normals(length, random).map((value, i) =>
        i % 3 === 1 ? extremes[name]![i % extremes[name]!.length]! : size * value,
      );
    const [weights, counts] = [some(columns), some(rows)];
    const usual = normals(columns, random);
    const targets = new Float32Array(rows);
    for (const [w, c] of [
      [weights, undefined],
      [usual, counts],
      [weights, counts],
    ] as const) {
      const gradient = new Float64Array(columns);
      const examples = { rows: x, targets, ...(c !== undefined && { weights: c }) };
      lossAndGradientFused("leastSquares", examples, w, gradient);
      const known = inOrder(storage, columns, of, w, leastSquares(targets, c));
      expect([...gradient]).toEqual([...known.gradient]);
      expect([...multiply(x, w, new Float64Array(rows))]).toEqual(known.margins);
    }
    const given: Pass = { factorOf: (i) => counts[i]!, flushed: 31 };
    const known = inOrder(storage, columns, of, usual, given);
    const sums = addTransposed(x, Float64Array.from(counts), new Float64Array(columns));
    expect([...sums]).toEqual([...known.gradient]);
  }
});

/** Entries as they are multiplied, and each row's factor: of int8 the greatest is 127 times it. */
function stored(storage: Storage, { rows, columns, values }: DenseRows) {
  const scales = Array.from({ length: rows }, (_, i) => {
    if (storage !== "int8") return 1;
    const row = values.subarray(i * columns, (i + 1) * columns);
    return Math.fround(row.reduce((most, one) => Math.max(most, Math.abs(one)), 0) / 127);
  });
  const entry = (i: number, j: number) => {
    const value = values[i * columns + j]!;
    return storage === "int8" ? Math.round(value / scales[i]!) : value;
  };
  return { scales, entry };
}
