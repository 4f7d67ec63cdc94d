import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { sumRowsResident } from "../../../src/math/kernels/sums-of-rows.ts";
import { mergeSlices } from "../../../src/math/slices/merge.ts";
import { rankIds } from "../../../src/math/slices/ranks.ts";
import { normals } from "./by-hand.ts";

/** Sums by hand, in float32 after each row as in the values' own precision. */
function summed<V extends Float32Array | Float64Array>(
  values: V,
  ids: Uint32Array,
  columns: number,
): Map<number, V> {
  const sums = new Map<number, V>();
  for (const [at, id] of ids.entries()) {
    const row = values.slice(at * columns, (at + 1) * columns) as V;
    const before = sums.get(id);
    if (before === undefined) sums.set(id, row);
    else for (let j = 0; j < columns; j++) before[j] = before[j]! + row[j]!;
  }
  return sums;
}

/** Few rows often, as words are. */
function skewed(count: number, rows: number): Uint32Array<ArrayBuffer> {
  const random = randomFrom(`${count} of ${rows}`);
  return Uint32Array.from({ length: count }, () => Math.floor(rows * random.uniform() ** 3));
}

describe.each([
  ["float32", (length: number) => normals(length, randomFrom("rows"))],
  [
    "float64",
    (length: number) => Float64Array.from(normals(length, randomFrom("rows")), (v) => v / 3),
  ],
] as const)("sums of rows, %s", (_what, make) => {
  // Columns that fill vectors and those that do not, rows longer than a block, few and many rows.
  test.each([
    [1, 70_000, 900],
    [3, 30_001, 50],
    [16, 5_000, 5_000],
    [130, 700, 90],
    [40_001, 7, 3],
  ])("of %i columns are the bits of plain loops", (columns, count, rows) => {
    const ids = skewed(count, rows);
    const values = make(count * columns);
    values[0] = -0;
    const { distinct, places } = rankIds(ids, rows);
    const found = sumRowsResident<Float32Array | Float64Array>(
      values,
      { count: distinct.length, places },
      columns,
    )!;
    expect(found.constructor).toBe(values.constructor);
    const known = summed<Float32Array | Float64Array>(values, ids, columns);
    expect(found.length).toBe(known.size * columns);
    const same = [...distinct].every((id, place) =>
      known.get(id)!.every((value, j) => Object.is(value, found[place * columns + j])),
    );
    expect(same).toBe(true);
  });
});

test("few values, and rows of nothing, are left to plain loops", () => {
  const of = { count: 1, places: Uint32Array.of(1, 0) };
  expect(sumRowsResident(Float32Array.of(1, 2), of, 1)).toBeNull();
  const none = { rows: 4, columns: 0, ids: Uint32Array.of(3, 3, 1), values: new Float32Array(0) };
  expect([...mergeSlices(none).ids]).toEqual([1, 3]);
});

test("ids rank the same by marks and by sorting, one call after another", () => {
  for (const count of [1, 2, 500, 3_000]) {
    const ids = skewed(count, 4_000);
    const marked = rankIds(ids, 4_000);
    expect(rankIds(ids, 2 ** 31)).toEqual(marked);
    expect([...marked.distinct]).toEqual([...new Set(ids)].sort((a, b) => a - b));
    for (const [at, id] of ids.entries()) {
      const isFirst = ids.indexOf(id) === at;
      expect(marked.places[at]).toBe(2 * marked.distinct.indexOf(id) + (isFirst ? 1 : 0));
    }
  }
});
