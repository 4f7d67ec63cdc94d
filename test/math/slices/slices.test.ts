import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { accumulate } from "../../../src/math/slices/accumulation.ts";
import {
  denseGradient,
  squaredNorm,
  type TensorPart,
} from "../../../src/math/slices/gradient-part.ts";
import { mergeSlices, weightedSum } from "../../../src/math/slices/merge.ts";
import { RowSums } from "../../../src/math/slices/row-sums.ts";
import {
  isMerged,
  isShorterAsSlices,
  type Slices,
  sliceBytes,
  unionOfIds,
} from "../../../src/math/slices/slices.ts";

type Doubles = Float64Array<ArrayBuffer>;

function slicesOf(rows: number, columns: number, ids: readonly number[], seed = 1) {
  const random = randomFrom(seed);
  const values = Float64Array.from({ length: ids.length * columns }, () => random.normal());
  return { rows, columns, ids: Uint32Array.from(ids), values };
}

/** The matrix, rows added in the order in which they stand. */
function byHand({ rows, columns, ids, values }: Slices): Doubles {
  const out = new Float64Array(rows * columns);
  for (const [at, id] of ids.entries())
    for (let j = 0; j < columns; j++) out[id * columns + j]! += values[at * columns + j]!;
  return out;
}

const whole = (slices: Slices) =>
  denseGradient([{ kind: "slices", slices }], [{ shape: [slices.rows, slices.columns] }]);

describe("merged slices", () => {
  const someIds = fc.array(fc.nat(40), { maxLength: 60 });

  test("are the sum of their rows to the bit, ids ascending, each once", () => {
    fc.assert(
      fc.property(someIds, fc.integer({ min: 1, max: 70 }), (ids, columns) => {
        const slices = slicesOf(41, columns, ids);
        const merged = mergeSlices(slices);
        expect(isMerged(merged)).toBe(true);
        expect([...merged.ids]).toEqual([...new Set(ids)].sort((a, b) => a - b));
        expect(whole(merged)).toEqual(byHand(slices));
      }),
      { numRuns: 60 },
    );
  });

  test("have float32 sums where their values are float32", () => {
    const values = Float32Array.of(1, 2 ** -24, 2 ** -24);
    const slices = { rows: 1, columns: 1, ids: Uint32Array.of(0, 0, 0), values };
    expect(mergeSlices(slices).values).toEqual(Float32Array.of(1));
    expect(mergeSlices({ ...slices, values: values.toReversed() }).values[0]).toBeGreaterThan(1);
  });

  test("of more rows than one digit of the sort counts, with ids of all sizes", () => {
    const random = randomFrom("large");
    const ids = Array.from({ length: 3_000 }, () => Math.floor(2 ** (31 * random.uniform())));
    const merged = mergeSlices(slicesOf(2 ** 31, 1, ids));
    expect([...merged.ids]).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  test("rows 2, 2, 2, 1 of ones have the norm of their sum, 3.162, and not 2", () => {
    const slices = {
      rows: 3,
      columns: 1,
      ids: Uint32Array.of(2, 2, 2, 1),
      values: new Float64Array(4).fill(1),
    };
    const norm = (one: Slices) => Math.sqrt(squaredNorm([{ kind: "slices", slices: one }]));
    expect(norm(mergeSlices(slices))).toBeCloseTo(Math.sqrt(10), 12);
    // The control: what it comes to before they are merged.
    expect(norm(slices)).toBe(2);
  });
});

test("sums of rows are those of a matrix of doubles, and hold what was touched", () => {
  const sums = new RowSums(1_000_000_000, 3);
  const small = slicesOf(50, 3, [4, 4, 9]);
  const all = [small, slicesOf(50, 3, [9, 1], 2), slicesOf(50, 3, [4], 3)];
  for (const one of all) sums.add(mergeSlices(one));
  const expected = new Float64Array(150);
  for (const one of all) for (const [i, v] of byHand(mergeSlices(one)).entries()) expected[i]! += v;
  expect(sums.count).toBe(3);
  expect(whole({ ...sums.slices(), rows: 50 })).toEqual(expected);
});

describe("a weighted sum of parts", () => {
  const shape = [30, 4];
  const parts = [
    [3, 7],
    [7, 29],
    [0, 3, 12],
  ].map((ids, i): TensorPart<Doubles> => {
    return { kind: "slices", slices: slicesOf(30, 4, ids, i) };
  });
  const dense: TensorPart<Doubles> = {
    kind: "dense",
    values: slicesOf(30, 4, [...Array(30).keys()], 9).values,
  };
  const inOrder = (all: readonly TensorPart[], weights: readonly number[]) => {
    const out = new Float64Array(120);
    for (const [i, part] of all.entries())
      for (const [j, v] of denseGradient([part], [{ shape }]).entries()) out[j]! += weights[i]! * v;
    return out;
  };

  test("has the bits of dense sums in the same order, whatever the parts are", () => {
    const weights = [0.3, -1.7, 0.11, 2];
    for (const all of [parts, [dense, ...parts], [...parts, dense], [dense], parts.slice(0, 1)]) {
      const sum = weightedSum(all, weights, 120);
      expect(sum.kind).toBe(all.includes(dense) ? "dense" : "slices");
      expect(denseGradient([sum], [{ shape }])).toEqual(inOrder(all, weights));
    }
  });

  test("is of the distinct rows, and dense where these are no fewer bytes", () => {
    const sum = weightedSum(parts, [1, 1, 1], 120);
    expect(sum.kind === "slices" && [...sum.slices.ids]).toEqual([0, 3, 7, 12, 29]);
    const everyRow = { kind: "slices", slices: slicesOf(30, 4, [...Array(30).keys()]) } as const;
    expect(weightedSum([everyRow], [1], 120).kind).toBe("dense");
    expect([...unionOfIds([Uint32Array.of(1, 5), Uint32Array.of(0, 5, 6)])]).toEqual([0, 1, 5, 6]);
  });
});

describe("accumulation", () => {
  const shape = { rows: 6, columns: 2 };
  const slices = (ids: readonly number[]): TensorPart<Doubles> => {
    return { kind: "slices", slices: slicesOf(6, 2, ids, ids.length) };
  };
  const dense: TensorPart<Doubles> = { kind: "dense", values: new Float64Array(12).fill(1) };
  const cases = {
    none: [],
    "all dense": [dense, dense],
    "all slices": [slices([1, 1]), slices([4])],
    mixed: [slices([2, 2, 5]), dense, slices([2])],
    "one dense": [dense],
    "one slices": [slices([3])],
  };

  test.each([
    ["none", null, null, null],
    ["all dense", "dense", "dense", "dense"],
    ["all slices", "slices", "slices", "slices"],
    ["mixed", "slices", "dense", "dense"],
    ["one dense", "dense", "dense", "dense"],
    ["one slices", "slices", "slices", "slices"],
  ] as const)("of %s: gathered %s, by the published rule %s, auto %s", (name, ...kinds) => {
    const rules = ["gather", "published", "auto"] as const;
    const all = rules.map((rule) => accumulate(cases[name], shape, rule));
    expect(all.map((one) => one?.kind ?? null)).toEqual(kinds);
    const sum = denseGradient(
      [
        weightedSum(
          cases[name],
          cases[name].map(() => 1),
          12,
        ),
      ],
      [{ shape: [6, 2] }],
    );
    for (const one of all)
      if (one !== null) expect(denseGradient([one], [{ shape: [6, 2] }])).toEqual(sum);
  });

  test("gathering a mixed gradient makes it larger than the matrix", () => {
    const gathered = accumulate(cases.mixed, shape, "gather");
    expect(gathered?.kind === "slices" && gathered.slices.ids.length).toBe(6 + 4);
  });
});

describe("the switch to a dense gradient", () => {
  test.each([1, 8, 64])("of %i columns is within a row of V Db / (Db + i)", (columns) => {
    const rows = 10_000;
    const exact = (rows * columns * 4) / (columns * 4 + 4);
    const last = [...Array(rows + 1).keys()].findLast((count) =>
      isShorterAsSlices(count, { rows, columns }),
    )!;
    expect(Math.abs(last - exact)).toBeLessThanOrEqual(1);
    for (const share of [0.01, 0.1, 0.5, 0.9, 0.98, 0.99, 1]) {
      const count = share * rows;
      const best = Math.min(sliceBytes(count, columns), rows * columns * 4);
      const isSlices = isShorterAsSlices(count, { rows, columns });
      expect(isSlices ? sliceBytes(count, columns) : rows * columns * 4).toBe(best);
    }
  });
});
