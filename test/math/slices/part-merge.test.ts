import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { mergeAll, weightedSum } from "../../../src/math/slices/merge.ts";
import { mergeParts, rankParts, weighParts } from "../../../src/math/slices/part-merge.ts";
import type { Slices } from "../../../src/math/slices/slices.ts";
import { normals } from "../kernels/by-hand.ts";

type Numbers = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Ascending ids, each once, few of the first rows missing and most of the last. */
function idsOf(count: number, rows: number, seed: string): Uint32Array<ArrayBuffer> {
  const random = randomFrom(seed);
  const ids = new Set<number>();
  while (ids.size < count) ids.add(Math.floor(rows * random.uniform() ** 2));
  return Uint32Array.from(ids).sort();
}

function partsOf(make: (length: number, seed: string) => Numbers, shape: readonly number[]) {
  const [parts, columns, count, rows] = shape as [number, number, number, number];
  return Array.from({ length: parts }, (_, part): Slices<Numbers> => {
    // The last part has little, and the second nothing.
    const own = part === 1 ? 0 : part === parts - 1 ? Math.ceil(count / 7) : count;
    const values = make(own * columns, `values ${part}`);
    if (values.length > 0) values[0] = -0;
    return { rows, columns, ids: idsOf(own, rows, `ids ${part}`), values };
  });
}

/** Plain loops, part after part: `add` says what becomes of a sum, undefined before the first. */
function byHand(
  all: readonly Slices<Numbers>[],
  add: (sum: number | undefined, value: number, part: number) => number,
): Map<number, number[]> {
  const sums = new Map<number, number[]>();
  for (const [part, { ids, values, columns }] of all.entries())
    for (const [at, id] of ids.entries()) {
      const before = sums.get(id);
      const row = values.subarray(at * columns, (at + 1) * columns);
      sums.set(
        id,
        Array.from(row, (value, j) => add(before?.[j], value, part)),
      );
    }
  return sums;
}

/** Whether ids ascend and all sums are these, to the bit. */
function isThis({ ids, values, columns }: Slices, known: ReadonlyMap<number, number[]>): boolean {
  const ascending = [...known.keys()].sort((a, b) => a - b);
  return (
    ids.length === ascending.length &&
    values.length === ids.length * columns &&
    ascending.every((id, at) => id === ids[at]) &&
    ascending.every((id, at) =>
      known.get(id)!.every((sum, j) => Object.is(sum, values[at * columns + j])),
    )
  );
}

// Columns that fill lines of memory, vectors, or neither; ranges of many rows, and of one; rows
// that all parts have, and so many that they are sorted.
const shapes = [
  [8, 16, 3_000, 5_000],
  [64, 16, 200, 2_000],
  [4, 130, 300, 400],
  [5, 37, 900, 901],
  [2, 1, 70_000, 90_000],
  [3, 40_001, 4, 9],
  [70, 8_200, 3, 4],
  [5, 64, 500, 2 ** 31],
];

describe.each([
  ["float32", (length: number, seed: string): Numbers => normals(length, randomFrom(seed))],
  [
    "float64",
    (length: number, seed: string): Numbers =>
      Float64Array.from(normals(length, randomFrom(seed)), (value) => value / 3),
  ],
])("parts merged by the kernel, %s", (what, make) => {
  const round = what === "float32" ? Math.fround : (sum: number) => sum;

  test.each(shapes)("%i of %i columns have the bits of plain loops", (...shape) => {
    const all = partsOf(make, shape);
    const ranking = rankParts(all)!;
    const known = byHand(all, (sum, value) => (sum === undefined ? value : round(sum + value)));
    const found = mergeParts(ranking);
    expect(found.values.constructor).toBe(all[0]!.values.constructor);
    expect(isThis(found, known)).toBe(true);
  });

  test.each(shapes)("%i of %i columns, each by its weight, have them in doubles", (...shape) => {
    const all = partsOf(make, shape);
    const weights = all.map((_, part) => (part - 1.7) / 3);
    const known = byHand(all, (sum = 0, value, part) => sum + weights[part]! * value);
    const found = weighParts(rankParts(all)!, weights);
    expect(found.values).toBeInstanceOf(Float64Array);
    expect(isThis(found, known)).toBe(true);
  });
});

const floats = (length: number, seed: string) => normals(length, randomFrom(seed));

test("parts in another order have other bits: slots are added in their order", () => {
  const all = partsOf(floats, [8, 16, 3_000, 5_000]);
  const known = byHand(all, (sum, v) => (sum === undefined ? v : Math.fround(sum + v)));
  expect(isThis(mergeParts(rankParts(all.toReversed())!), known)).toBe(false);
});

test("what is merged has the same bits by whatever it is called, and stays when others are", () => {
  const all = partsOf(floats, [8, 64, 1_000, 50_000]);
  const tensor = all.map((slices) => ({ kind: "slices", slices }) as const);
  const weights = all.map((_, part) => 1 / (part + 1));
  const sum = weightedSum(tensor, weights, 64 * 50_000);
  const found = { merged: mergeAll(all), weighed: sum.kind === "slices" ? sum.slices : all[0]! };
  mergeAll(partsOf((length) => new Float32Array(length).fill(7), [9, 64, 1_000, 50_000]));
  const merged = byHand(all, (own, v) => (own === undefined ? v : Math.fround(own + v)));
  expect(isThis(found.merged, merged)).toBe(true);
  expect(
    isThis(
      found.weighed,
      byHand(all, (own = 0, v, at) => own + weights[at]! * v),
    ),
  ).toBe(true);
});

test("few values, one part, parts that repeat a row and two precisions are left to others", () => {
  const all = partsOf(floats, [4, 16, 3_000, 5_000]);
  expect(rankParts(all)).not.toBeNull();
  expect(rankParts(all.slice(0, 1))).toBeNull();
  expect(rankParts(partsOf(floats, [4, 16, 30, 50]))).toBeNull();
  const twice = { ...all[2]!, ids: all[2]!.ids.slice() };
  twice.ids[5] = twice.ids[4]!;
  expect(rankParts([...all, twice])).toBeNull();
  const doubles = { ...all[2]!, values: Float64Array.from(all[2]!.values) };
  expect(rankParts<Numbers>([...all, doubles])).toBeNull();
});
