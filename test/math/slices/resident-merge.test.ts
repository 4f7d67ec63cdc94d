import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { denseGradient } from "../../../src/math/slices/gradient-part.ts";
import { mergeAll, mergeForNow, mergeSlices } from "../../../src/math/slices/merge.ts";
import { PartSum } from "../../../src/math/slices/part-sum.ts";
import { rankIds } from "../../../src/math/slices/ranks.ts";
import { mergeResident } from "../../../src/math/slices/resident-merge.ts";
import { addSlices, joinSlices, type Slices } from "../../../src/math/slices/slices.ts";
import { normals } from "../kernels/by-hand.ts";

type Numbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Sums by hand, in float32 after each row as in the values' own precision. */
function summed<V extends Numbers>(values: V, ids: Uint32Array, columns: number): Map<number, V> {
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
  ["float32", (length: number): Numbers => normals(length, randomFrom("rows"))],
  [
    "float64",
    (length: number): Numbers =>
      Float64Array.from(normals(length, randomFrom("rows")), (v) => v / 3),
  ],
])("slices merged by the kernel, %s", (_what, make) => {
  // Columns that fill vectors and those that do not, rows longer than a block, few and many rows;
  // the last are so many that they are sorted.
  test.each([
    [1, 70_000, 900],
    [3, 30_001, 50],
    [16, 5_000, 5_000],
    [130, 700, 90],
    [40_001, 7, 3],
    [16, 5_000, 2 ** 31],
  ])("of %i columns have the bits of plain loops", (columns, count, rows) => {
    const ids = skewed(count, rows);
    const values = make(count * columns);
    values[0] = -0;
    const found = mergeResident<Numbers>([{ rows, columns, ids, values }])!;
    expect(found.values.constructor).toBe(values.constructor);
    const known = summed(values, ids, columns);
    const ascending = Uint32Array.from(known.keys()).sort();
    expect(Buffer.compare(Buffer.from(found.ids.buffer), Buffer.from(ascending.buffer))).toBe(0);
    expect(found.values.length).toBe(known.size * columns);
    const same = [...found.ids].every((id, place) =>
      known.get(id)!.every((value, j) => Object.is(value, found.values[place * columns + j])),
    );
    expect(same).toBe(true);
  });
});

test("few values, and rows of nothing, are left to plain loops", () => {
  const few = { rows: 2, columns: 1, ids: Uint32Array.of(1, 0), values: Float32Array.of(1, 2) };
  expect(mergeResident([few])).toBeNull();
  const none = { rows: 4, columns: 0, ids: Uint32Array.of(3, 3, 1), values: new Float32Array(0) };
  expect([...mergeSlices(none).ids]).toEqual([1, 3]);
});

const slicesOf = (count: number, seed: string) => {
  const ids = skewed(count, 4_000);
  return { rows: 4_000, columns: 16, ids, values: normals(count * 16, randomFrom(seed)) };
};

/** Without a list of what differs, which would be long. */
const areSame = (a: Slices, b: Slices) =>
  [a.ids, a.values].every((own, at) => own.length === [b.ids, b.values][at]!.length) &&
  a.ids.every((id, at) => id === b.ids[at]) &&
  a.values.every((value, at) => value === b.values[at]);

test("an id that the matrix does not have is refused, wherever it stands", () => {
  const slices = slicesOf(5_000, "refused");
  for (const at of [0, 4_999]) {
    const ids = slices.ids.slice();
    ids[at] = 4_000;
    expect(() => mergeResident([{ ...slices, ids }])).toThrow("rows that the matrix has");
  }
});

test("several are merged as if they were joined first", () => {
  const all = [slicesOf(3_000, "a"), slicesOf(10, "b"), slicesOf(4_500, "c")];
  expect(areSame(mergeAll(all), mergeSlices(joinSlices(all)))).toBe(true);
  expect(areSame(mergeAll(all.slice(1, 2)), mergeSlices(all[1]!))).toBe(true);
});

test("what is merged for now is another's at the next call; what is merged stays", () => {
  const [a, b] = [slicesOf(5_000, "now"), slicesOf(5_000, "next")];
  const kept = mergeSlices(a);
  const known = { ...kept, values: kept.values.slice() };
  const now = mergeForNow(a);
  expect(areSame(now, known)).toBe(true);
  mergeForNow(b);
  expect([kept, now].map((one) => areSame(one, known))).toEqual([true, false]);
});

test("a sum of parts that are merged on the way is that of dense ones", () => {
  const sum = new PartSum(4_000 * 16);
  const dense = new Float64Array(4_000 * 16);
  for (const [at, seed] of ["one", "two", "three"].entries()) {
    const slices = slicesOf(5_000 + 100 * at, seed);
    sum.add(0.5 + at, { kind: "slices", slices });
    addSlices(dense, 0, 0.5 + at, mergeSlices(slices));
  }
  const found = sum.take();
  expect(found.kind).toBe("slices");
  const whole = denseGradient([found], [{ shape: [4_000, 16] }]);
  expect(whole.every((value, i) => value === dense[i])).toBe(true);
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
