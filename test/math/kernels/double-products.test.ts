import { expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { ColumnStatistics } from "../../../src/data/prepare/statistics.ts";
import { addTransposed, multiply } from "../../../src/math/products.ts";
import type { DenseRows } from "../../../src/math/rows.ts";

const random = randomFrom("double products");

/** More than are handed over at once of 16 columns and less. */
function tableOf(rows: number, columns: number): DenseRows {
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  return { kind: "dense", rows, columns, values };
}

/** Four partial sums, as the plain loop has them. */
function productOf(x: DenseRows, row: number, w: Float32Array | Float64Array): number {
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  for (let j = 0; j < x.columns; j++) {
    const lane = j < (x.columns & ~3) ? j & 3 : 0;
    sums[lane]! += x.values[row * x.columns + j]! * w[j]!;
  }
  return sums[0] + sums[1] + (sums[2] + sums[3]);
}

const shapes: [number, number][] = [
  [5_000, 1],
  [4_100, 3],
  [2_500, 4],
  [2_050, 21],
  [700, 64],
  [3, 4_000],
];

test.each(shapes)("%i rows of %i columns have the plain loops' bits", (rows, columns) => {
  const x = tableOf(rows, columns);
  const double = Float64Array.from({ length: columns }, () => random.normal());
  for (const w of [double, Float32Array.from(double)]) {
    const plain = Float64Array.from({ length: rows }, (_, row) => productOf(x, row, w));
    expect(multiply(x, w, new Float64Array(rows))).toEqual(plain);
  }
  // A factor of 0 leaves a row out, whatever is in it.
  const factors = Float64Array.from({ length: rows }, (_, i) =>
    i % 7 === 3 ? 0 : random.normal(),
  );
  x.values[3 * columns] = Number.NaN;
  if (rows > 10) x.values[10 * columns] = Number.POSITIVE_INFINITY;
  factors[3 % rows] = 0;
  const begun = Float64Array.from({ length: columns }, () => random.normal());
  const sums = begun.slice();
  for (let i = 0; i < rows; i++)
    if (factors[i] !== 0)
      for (let j = 0; j < columns; j++) sums[j]! += x.values[i * columns + j]! * factors[i]!;
  expect(addTransposed(x, factors, begun.slice())).toEqual(sums);
});

test.each([false, true])(
  "deviations of a table are those of its rows, some missing: %s",
  (some) => {
    const table = tableOf(3_000, 5);
    if (some) for (let at = 7; at < table.values.length; at += 911) table.values[at] = Number.NaN;
    const [whole, byRow] = [new ColumnStatistics(5), new ColumnStatistics(5)];
    for (let turn = 0; turn < 2; turn++) {
      whole.addTable(table);
      const cells = Float64Array.from(table.values);
      for (let row = 0; row < table.rows; row++) byRow.add(cells, row * 5);
    }
    const told = (of: ColumnStatistics) =>
      Array.from({ length: 5 }, (_, j) => [of.mean(j), of.variance(j), of.deviation(j)]);
    expect(told(whole)).toEqual(told(byRow));
  },
);
