import { expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { lossAndGradientFused } from "../../../src/math/kernels/passes.ts";
import { multiply } from "../../../src/math/products.ts";
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

/** Margins and gradient of least squares in the very order in which recorded runs have them. */
function inOrder(
  storage: Storage,
  columns: number,
  entry: (i: number, j: number) => number,
  scales: readonly number[],
  weights: Float32Array,
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
    const factor = f32(scale * (scale * margin - (i & 1)));
    for (let j = 0; j < columns; j++) sums[j] = f32(sums[j]! + f32(entry(i, j) * factor));
    // After seven groups of four rows, then after every eight.
    if (i % 32 === 27) flush();
    return scale * margin;
  });
  flush();
  return { margins, gradient };
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
      const x =
        storage === "float32"
          ? residentRows(rows, columns, random)
          : residentPacked(storage, rows, columns, random);
      const weights = normals(columns, random);
      const targets = Float32Array.from({ length: rows }, (_, i) => i & 1);
      const gradient = new Float64Array(columns);
      lossAndGradientFused("leastSquares", { rows: x, targets }, weights, gradient);
      const { scales, entry } = stored(storage, x);
      const known = inOrder(storage, columns, entry, scales, weights);
      expect([...gradient]).toEqual([...known.gradient]);
      expect([...multiply(x, weights, new Float64Array(rows))]).toEqual(known.margins);
    }
  },
);

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
