import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Encoding } from "../../src/encoding/encoding.ts";
import { encodings } from "../../src/encoding/registry.ts";
import {
  type DenseMatrix,
  distanceToIdentity,
  gram,
  matrix,
  product,
  row,
} from "../../src/testing/dense.ts";
import { storedCode } from "../../src/testing/stored-code.ts";
import {
  conference,
  haarMatrix,
  hadamardFrame,
  outer,
  paleyHadamard,
  steinerFrame,
  sylvester,
} from "./frames-by-hand.ts";

/*
 * Frames against their definitions. Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019, on encoding
 * matrices; Fickus, Mixon, Tremain (arXiv 1009.5730) for Steiner's; Welch's bound for N unit
 * vectors in n dimensions: max |<s_i, s_j>| >= sqrt((N-n) / (n(N-1))), with equality for these.
 */

const frames = [
  ...[6, 10, 28, 36, 120, 136].map((chunk) => ({ type: "hadamard-etf", chunk })),
  ...[3, 7, 9, 15, 51].map((chunk) => ({ type: "paley", chunk })),
  ...[6, 28, 66, 120, 190].map((chunk) => ({ type: "steiner", chunk })),
];

describe.each(frames)("$type of $chunk columns", ({ type, chunk }) => {
  const s = one({ type, chunk });

  test("is tight: S'S = N/n I to 1e-12", () => {
    expect(s.columns).toBe(chunk);
    expect(distanceToIdentity(gram(s), s.rows / chunk)).toBeLessThan(1e-12);
  });

  test("has unit rows, any two at the angle of Welch's bound to 1e-12", () => {
    const welch = Math.sqrt((s.rows - chunk) / (chunk * (s.rows - 1)));
    const inner = outer(s);
    for (let i = 0; i < s.rows; i++)
      for (let j = 0; j < s.rows; j++) {
        const expected = i === j ? 1 : welch;
        expect(Math.abs(Math.abs(row(inner, i)[j]!) - expected)).toBeLessThan(1e-12);
      }
  });
});

test("a subsampled Hadamard frame is not equiangular: some rows are orthogonal", () => {
  const inner = outer(one({ type: "hadamard" }));
  const sizes = [...row(inner, 0)].slice(1).map(Math.abs);
  expect(Math.min(...sizes)).toBe(0);
  expect(Math.max(...sizes)).toBeGreaterThan(0.1);
});

describe("columns are those of the definition, in random order", () => {
  const definitions: [string, { type: string; chunk?: number }, DenseMatrix][] = [
    ["Hadamard ETF 16 x 6", { type: "hadamard-etf", chunk: 6 }, hadamardFrame(16, "odd")],
    ["Hadamard ETF 16 x 10", { type: "hadamard-etf", chunk: 10 }, hadamardFrame(16, "even")],
    ["Hadamard ETF 64 x 28", { type: "hadamard-etf", chunk: 28 }, hadamardFrame(64, "odd")],
    ["Hadamard ETF 256 x 120", { type: "hadamard-etf", chunk: 120 }, hadamardFrame(256, "odd")],
    ["Steiner 8", { type: "steiner", chunk: 28 }, steinerFrame(8, sylvester(8))],
    ["Steiner 12", { type: "steiner", chunk: 66 }, steinerFrame(12, paleyHadamard(12))],
    ["Haar, 64 of 128", { type: "haar" }, scaledBy(haarMatrix(128), Math.SQRT2)],
    ["Hadamard, 64 of 128", { type: "hadamard" }, scaledBy(sylvester(128), 1 / 8)],
  ];

  test.each(definitions)("%s", (_, chosen, definition) => {
    const s = one(chosen);
    expect(s.rows).toBe(definition.rows);
    const known = new Set(columnsOf(definition));
    const found = columnsOf(s);
    expect(found.every((column) => known.has(column))).toBe(true);
    expect(new Set(found).size).toBe(s.columns);
  });
});

describe("Paley's frame", () => {
  test.each([5, 13, 17, 29, 101, 313])("of order %i: SS' = I + C/sqrt(q), CC = qI", (q) => {
    const c = conference(q);
    expect(distanceToIdentity(product(c, c), q)).toBe(0);
    const inner = outer(one({ type: "paley", chunk: (q + 1) / 2 }));
    const expected = matrix(
      q + 1,
      q + 1,
      (i, j) => (i === j ? 1 : 0) + row(c, i)[j]! / Math.sqrt(q),
    );
    for (let i = 0; i < inner.values.length; i++)
      expect(Math.abs(inner.values[i]! - expected.values[i]!)).toBeLessThan(1e-12);
  });

  test("never takes an order that is 3 mod 4, nor one that is no prime", () => {
    const sizes = [1, 4, 8, 10, 13, 64, 100, 500, 1000, 1024, 4096].map((chunk) =>
      create({ type: "paley", chunk }).chunkRows(1),
    );
    expect(sizes).toEqual([3, 7, 9, 15, 15, 69, 115, 505, 1009, 1027, 4105]);
  });
});

test.each([8, 16, 12, 20])("Steiner %i: v - 1 entries in a row, 2v in a column", (v) => {
  const s = one({ type: "steiner", chunk: (v * (v - 1)) / 2 });
  for (let i = 0; i < s.rows; i++)
    expect([...row(s, i)].filter((entry) => entry !== 0)).toHaveLength(v - 1);
  for (let j = 0; j < s.columns; j++)
    expect([...Array(s.rows).keys()].filter((i) => row(s, i)[j] !== 0)).toHaveLength(2 * v);
});

describe("what is not a frame of the family is refused, with the reason", () => {
  test.each(["hadamard-etf", "paley", "steiner"])("%s with redundancy 3", (type) => {
    const config = { type, redundancy: 3 };
    expect(() => encodings.resolve(config, "encoding")).toThrow(
      "encoding.redundancy: expected 2: equiangular frames store about two rows for each",
    );
  });

  test("chunks that are too small for the workers; the chunk that serves them is named", () => {
    const refusal = create({ type: "steiner" }).refusal(200);
    expect(refusal).toContain("at most 128 workers; set the encoding's chunk to 190");
    expect(create({ type: "steiner", chunk: 190 }).refusal(200)).toBeNull();
    expect(create({ type: "hadamard-etf" }).refusal(129)).toContain("chunk to 496");
    for (const type of ["hadamard-etf", "steiner"])
      expect(create({ type, chunk: 2016 }).refusal(1024)).toBeNull();
    expect(create({ type: "paley" }).refusal(1024)).toBeNull();
  });
});

describe("a fast encoding equals the product with S to 1e-12", () => {
  const codes = [
    ...["hadamard", "hadamard-etf", "paley", "steiner", "haar", "gaussian"].map((type) => ({
      type,
      rows: 53,
    })),
    { type: "paley", chunk: 150, rows: 150 },
    { type: "steiner", chunk: 66, rows: 66 },
    { type: "paley", chunk: 150, rows: 1 },
    { type: "hadamard-etf", rows: 1 },
    { type: "steiner", rows: 1 },
  ];

  test.each(codes)("%o", ({ rows, ...chosen }) => {
    const code = create(chosen).chunk(0, rows, 8, randomFrom("fast"));
    if (code.kind === "copies") throw new Error("a mixing code was expected");
    const s = storedMatrix(code, rows);
    for (const columns of [1, 2, 7]) {
      const random = randomFrom(columns);
      const x = matrix(rows, columns, () => random.normal());
      const out = new Float64Array(s.rows * columns);
      code.encode(x.values, columns, out);
      const expected = product(s, x).values;
      for (let i = 0; i < out.length; i++)
        expect(Math.abs(out[i]! - expected[i]!)).toBeLessThan(1e-12);
    }
  });
});

/** S one column at a time, so that no column sees another. */
function storedMatrix(
  code: { slots: Uint16Array; encode(x: Float64Array, columns: number, out: Float64Array): void },
  rows: number,
): DenseMatrix {
  const s = matrix(code.slots.length, rows);
  for (let j = 0; j < rows; j++) {
    const unit = new Float64Array(rows);
    unit[j] = 1;
    const column = new Float64Array(s.rows);
    code.encode(unit, 1, column);
    for (let i = 0; i < s.rows; i++) row(s, i)[j] = column[i]!;
  }
  return s;
}

function create(chosen: { type: string; chunk?: number }): Encoding {
  return encodings.create(chosen);
}

/** S of one full chunk, in stored order. */
function one(chosen: { type: string; chunk?: number }): DenseMatrix {
  const encoding = create(chosen);
  return storedCode(encoding, encoding.chunkRows(1), 1, "one").s;
}

/** Columns as text, to nine digits. */
function columnsOf(s: DenseMatrix): string[] {
  return Array.from({ length: s.columns }, (_, j) =>
    Array.from({ length: s.rows }, (_, i) =>
      (row(s, i)[j]! + 0).toFixed(9).replace("-0.000000000", "0.000000000"),
    ).join(),
  );
}

function scaledBy(a: DenseMatrix, factor: number): DenseMatrix {
  return { ...a, values: a.values.map((value) => value * factor) };
}
