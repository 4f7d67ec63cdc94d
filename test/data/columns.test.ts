import { describe, expect, it, test } from "vitest";
import { parseDocument } from "yaml";
import { parseOptions } from "../../src/core/registry.ts";
import { bucketOf, murmur3 } from "../../src/data/formats/hashed-words.ts";
import type { ColumnPlan } from "../../src/data/manifests.ts";
import { type DataInput, dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { transformer } from "../../src/data/prepare/transform.ts";
import { type Files, opener, prepared, refusal } from "./fixtures.ts";
import { writers } from "./written-as.ts";

type Columns = NonNullable<DataInput["columns"]>;
const plain = { source: "t.csv", target: "y", standardize: false, intercept: false } as const;

/** Rows in the order of their first feature, and how they came to be. */
async function rowsOf(files: Files, options: DataInput, isPrivate = false) {
  const { prepared: made, store } = await prepared(files, options, { isPrivate });
  const { rows } = await readExamples(store, made.train, made.columns);
  const values = rows.kind === "dense" ? rows.values : new Float32Array();
  const all = Array.from({ length: rows.rows }, (_, i) => [
    ...values.subarray(i * made.columns, (i + 1) * made.columns),
  ]);
  const { preparation } = made;
  return { preparation, rows: all.sort((a, b) => a[0]! - b[0]!) };
}

/** Features of a file's rows by a model's preparation, in the file's order. */
async function predicted(files: Files, name: string, preparation: never | object) {
  const reading = parseOptions(dataSchema, { source: "-", missing: "impute" }, "data");
  const notes: string[] = [];
  const all: number[][] = [];
  const { batches } = transformer(preparation as never, reading, (note) => notes.push(note));
  for await (const { rows } of batches(name, opener(files))) {
    const { values } = rows as { readonly values: Float32Array };
    for (let row = 0; row < rows.rows; row++)
      all.push([...values.subarray(row * rows.columns, (row + 1) * rows.columns)]);
  }
  return { rows: all, notes };
}

const csv = (head: string, ...rows: readonly string[]) => ({
  "t.csv": [head, ...rows, ""].join("\n"),
});

describe("data.columns", () => {
  it("takes codes for categories, words for places, and leaves out what it says", async () => {
    const files = csv("x,zone,size,note,y", "1,7,low,a,1", "2,8,high,b,2", "3,7,mid,c,3");
    const columns: Columns = {
      zone: "category",
      size: { type: "ordinal", levels: ["low", "mid", "high"] },
      note: "drop",
    };
    const { preparation, rows } = await rowsOf(files, { ...plain, columns });
    expect(preparation.featureNames).toEqual(["x", "zone=7", "zone=8", "size"]);
    expect(rows).toEqual([
      [1, 1, 0, 0],
      [2, 0, 1, 2],
      [3, 1, 0, 1],
    ]);
    const scaled = await rowsOf(files, { ...plain, standardize: true, columns });
    const root = Math.fround(1.5 ** 0.5);
    expect(scaled.rows.map((row) => Math.fround(row[3]!))).toEqual([-root, root, 0]);
    expect(scaled.preparation.columns[2]).toMatchObject({ kind: "ordinal", mean: 1 });
    const again = await predicted(csv("size,zone,x", "high,8,2"), "t.csv", preparation);
    expect(again.rows).toEqual([[2, 0, 1, 2]]);
  });

  it("says the same of a name alone and of a name with its options", async () => {
    const files = csv("x,zip,y", "1,00501,1", "2,501,2");
    const digest = async (zip: Columns[string]) =>
      (await prepared(files, { ...plain, columns: { zip } })).prepared.digest;
    expect(await digest("hash")).toBe(await digest({ type: "hash", buckets: 256 }));
    expect(await digest("hash")).not.toBe(await digest({ type: "hash", buckets: 8 }));
    expect(await digest("drop")).not.toBe(await digest("number"));
  });

  it("refuses a word without a place, in training and later, with its place", async () => {
    const columns: Columns = { size: { type: "ordinal", levels: ["low", "high"] } };
    const options = { ...plain, columns };
    const files = csv("size,y", "low,1", "mid,2");
    const refused = await refusal(prepared(files, options));
    expect(refused.code).toBe("unlisted-level");
    expect(refused.message).toMatch(
      /^t\.csv: line 3, column "size": "mid", expected one of .*\("low", "high"\)/,
    );
    const { preparation } = await rowsOf(csv("size,y", "low,1", "high,2"), options);
    const later = await refusal(predicted(csv("size", "huge"), "t.csv", preparation));
    expect(later.message).toMatch(/line 2, column "size": "huge"/);
  });

  it("fills in places and buckets by the commonest, and shares by their mean", async () => {
    const rows = ["1,a,low,p,1", "2,a,low,p,2", "3,b,high,q,3", "4,,,,4"];
    const columns: Columns = {
      h: { type: "hash", buckets: 4 },
      o: { type: "ordinal", levels: ["low", "high"] },
      f: "frequency",
    };
    const options: DataInput = { ...plain, missing: "impute", columns };
    const { preparation, rows: made } = await rowsOf(csv("x,h,o,f,y", ...rows), options);
    expect(made[3]).toEqual([4, ...made[0]!.slice(1, 6), Math.fround((4 / 3 + 1 / 3) / 3)]);
    expect(preparation.columns.map(({ fill }) => fill)).toEqual([
      ...[2.5, bucketOf("a", 4), "low"],
      expect.closeTo(5 / 9, 12),
    ]);
  });

  it("takes a column of numbers and other cells for numbers where it says so", async () => {
    const files = csv("a,y", ...Array.from({ length: 9 }, (_, i) => `${i},1`), "12 %,1");
    expect((await refusal(prepared(files, plain))).code).toBe("odd-numbers");
    const named = await refusal(prepared(files, { ...plain, columns: { a: "number" } }));
    expect(named.message).toMatch(/line 11, column "a": "12 %" is not a number/);
    const missing: DataInput = { missing: "impute", missingValues: ["12 %"] };
    const { rows } = await rowsOf(files, { ...plain, ...missing, columns: { a: "number" } });
    expect(rows).toHaveLength(10);
  });
});

describe("hashed words", () => {
  // scikit-learn 1.9's murmurhash3_32, positive=True.
  test.each([
    ["foo", 4_138_058_784],
    ["", 0],
    ["hello", 613_153_351],
    ["hello, world", 345_750_399],
    ["The quick brown fox jumps over the lazy dog", 776_992_547],
  ])("%j is hashed as by other libraries", (text, hash) => expect(murmur3(text)).toBe(hash));

  it("are one word however a format spells it, but codes are not", () => {
    const bucket = (word: string) => bucketOf(word, 65_536);
    for (const [a, b] of ["1 1.0", "True 1", "FALSE 0", "-0.0 0", "2e3 2000"].map((pair) =>
      pair.split(" "),
    ))
      expect(bucket(a!)).toBe(bucket(b!));
    expect(bucket("00501")).not.toBe(bucket("501"));
    expect(bucket("12345678901234567890")).not.toBe(bucket("12345678901234567891"));
  });

  it("are a feature a bucket, the same in every format, and in private runs", async () => {
    const names = ["x", "code", "word", "y"];
    const rows = Array.from({ length: 40 }, (_, i) => [i, i * 7, `w${i % 30}`, i / 2]);
    const table = { names, rows };
    const files = Object.fromEntries(
      ["csv", "tsv", "jsonl", "parquet", "feather"].map((ending) => [
        `t.${ending}`,
        writers[ending]!(table)!,
      ]),
    );
    const columns = { code: "hash", word: { type: "hash", buckets: 16 } } as const;
    const made = await rowsOf(files, { ...plain, columns }, true);
    expect(made.preparation.featureNames).toHaveLength(1 + 256 + 16);
    for (const row of made.rows) expect(row.reduce((sum, one) => sum + one, 0)).toBe(row[0]! + 2);
    for (const name of Object.keys(files)) {
      const own = await rowsOf(files, { ...plain, source: name, columns });
      expect({ name, rows: own.rows }).toEqual({ name, rows: made.rows });
      const later = await predicted(files, name, made.preparation);
      expect({ name, rows: later.rows }).toEqual({ name, rows: made.rows });
    }
  });
});

describe("words by their shares of rows", () => {
  it("are learned on training rows alone, and a new word is 0", async () => {
    const files = { ...csv("w,y", "a,1", "b,2", "a,3", "c,4"), "u.csv": "w,y\nc,1\nd,2\nd,3\n" };
    const options = { ...plain, test: "u.csv", columns: { w: "frequency" } } as const;
    const { prepared: made, store } = await prepared(files, options);
    expect(made.preparation.columns[0]).toEqual({
      ...{ kind: "frequency", name: "w", levels: ["a", "b", "c"], shares: [0.5, 0.25, 0.25] },
      ...{ mean: 0, deviation: 1, fill: null },
    } satisfies ColumnPlan);
    const test = await readExamples(store, made.test, 1);
    expect([...test.targets].map((y, i) => [y, test.rows.values[i]]).sort()).toEqual([
      [1, 0.25],
      [2, 0],
      [3, 0],
    ]);
    const { rows, notes } = await predicted(files, "u.csv", made.preparation);
    expect(rows).toEqual([[0.25], [0], [0]]);
    expect(notes).toEqual([
      'u.csv: column "w": 1 of its words did not stand in the training rows ("d"), in 2 rows of ' +
        "this file: they count as a share of 0",
    ]);
  });

  it("may be more than categories may be", async () => {
    const files = csv("w,y", ...Array.from({ length: 500 }, (_, i) => `w${i},${i}`));
    expect((await refusal(prepared(files, plain))).code).toBe("too-many-categories");
    const { prepared: made } = await prepared(files, { ...plain, columns: { w: "frequency" } });
    expect(made.columns).toBe(1);
  });
});

describe("a table that a run refuses", () => {
  const lines = (of: (i: number) => string) => Array.from({ length: 150 }, (_, i) => of(i));
  const cell = (i: number) => (i === 140 ? "1,5" : String(i % 50));
  const head = "n,gap,name,odd,day,flag,y";
  const bad = csv(
    head,
    ...lines((i) => {
      const day = i < 149 ? "2024-01-01" : "soon";
      return `${i % 9},${i === 70 ? "" : 1},name ${i},"${cell(i)}",${day},${i % 2},${i}`;
    }),
  );

  it("is refused once, with all of its columns and the lines that cure them", async () => {
    const refused = await refusal(prepared(bad, plain));
    const { message, hint = "" } = refused;
    for (const said of [
      'column "odd": 1 of the first 150 values are not numbers',
      'column "gap": 1 value is missing, the first in row 71',
      'column "name": 150 different words, more than data.categoriesMax (100)',
    ])
      expect(message).toContain(said);
    const [, line] = /in the spec: (.*)$/.exec(hint) ?? [];
    const cure = (parseDocument(line ?? "").toJS() as { data: DataInput }).data;
    expect(cure).toEqual({
      missing: "impute",
      columns: { odd: "drop", name: { type: "hash", buckets: 256 } },
    });
    const { prepared: made } = await prepared(bad, { ...plain, ...cure } as DataInput);
    expect(made.rows).toBe(150);
  });

  it("names one column alone where the others are well", async () => {
    const files = csv("a,b,y", "1,2,3", "4,,6");
    const { message, hint } = await refusal(prepared(files, plain));
    expect(message).toBe('t.csv: line 3, column "b": the value is missing ("")');
    expect(hint).toMatch(/; or in the spec: data: \{ missing: impute \}$/);
  });

  it("is cured of all its columns in a private run without a look at its rows", async () => {
    const files = csv("a,kind,true,y", "1,flat,x,3", "4,house,z,6");
    const { message, hint = "" } = await refusal(prepared(files, plain, { isPrivate: true }));
    expect(message).toMatch(/column "kind" holds text.*column "true" holds text/);
    expect(hint).toMatch(
      /data: \{ columns: \{ kind: \{ type: hash, buckets: 256 \}, "true": \{ type: hash/,
    );
    const columns = { kind: "hash", true: "hash" } as const;
    const some = await rowsOf(files, { ...plain, columns }, true);
    const others = await rowsOf(csv("a,kind,true,y", "9,igloo,q,1"), { ...plain, columns }, true);
    expect(others.preparation).toEqual(some.preparation);
    const shares = { kind: "frequency", true: "drop" } as const;
    const refused = await refusal(
      prepared(files, { ...plain, columns: shares }, { isPrivate: true }),
    );
    expect([refused.code, refused.message]).toEqual([
      "not-private",
      expect.stringMatching(/column "kind": how often/),
    ]);
  });
});
