import { zstdCompressSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { openCsv } from "../../src/data/formats/csv.ts";
import { skipped } from "../../src/data/formats/table.ts";
import { type DataInput, dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { npy, zipOf } from "./array-files.ts";
import { type Files, memoryStore, opener, prepared, refusal, sourceOf } from "./fixtures.ts";

const plain = 'a,kind,y\n1,red fox,2\n3,"a ""b"" c",4\n-5e-1,red fox,6\n';
const cells = (separator: string) => plain.replaceAll(",", separator);
const bytes = (text: string) => new TextEncoder().encode(text);
const jsonLines = [
  '{"a": 1, "kind": "red fox", "y": 2}',
  "",
  '{"y": 4, "kind": "a \\"b\\" c", "a": 3.0}\r',
  '{"a": -0.5, "kind": "red fox", "y": 6}',
].join("\n");

async function read(files: Files, options: DataInput, chunkBytes?: number) {
  const data = parseOptions(dataSchema, options, "data");
  const store = memoryStore();
  const ports = { open: opener(files, chunkBytes), store };
  const made = await prepareDataSet({ data, task: "regression", seed: 3 }, ports);
  const { rows, targets } = await readExamples(store, made.train, made.columns);
  return { names: made.preparation.featureNames, values: [...rows.values], targets: [...targets] };
}

describe("the same table", () => {
  const blanks = ' \ta  kind \t y\r\n 1 "red fox"   2\n\n3 "a ""b"" c" 4  \n -5e-1 "red fox" 6';
  it.each([
    ["with blanks between fields", "t.csv", blanks],
    ["with two colons between fields", "t.dat", cells("::").replaceAll('"a ""b"" c"', 'a "b" c')],
    ["with bars between fields", "t.txt", cells("|")],
    ["with lines that end in a carriage return", "t.csv", plain.replaceAll("\n", "\r")],
    ["with Excel's first line", "t.csv", `sep=;\r\n${cells(";")}`],
    ["packed by zstd", "t.csv.zst", zstdCompressSync(plain)],
    ["packed in a ZIP archive", "t.zip", zipOf({ "inner.csv": bytes(plain) })],
    ["stored in a ZIP archive", "t", zipOf({ "a/inner": bytes(plain) }, { isPacked: false })],
    ["as JSON lines", "t.jsonl", jsonLines],
    ["as JSON lines without a name", "t.txt", jsonLines],
    ["as JSON lines packed by zstd", "t.ndjson.zst", zstdCompressSync(jsonLines)],
  ])("%s is the same features", async (_, name, content) => {
    const expected = await read({ "t.csv": plain }, { source: "t.csv", target: "y" });
    for (const chunkBytes of [1, 3, 1 << 16]) {
      const found = await read({ [name]: content }, { source: name, target: "y" }, chunkBytes);
      expect({ chunkBytes, ...found }).toEqual({ chunkBytes, ...expected });
    }
  });

  it("has the same line numbers in messages, however its fields are set apart", async () => {
    const places = [
      ["t.csv", `${plain}7,x\n`],
      ["t.csv", `${plain.replaceAll("\n", "\r")}7,x\r`],
      ["t.csv", `sep=;\n${cells(";")}7;x\n`],
      ["t.jsonl", `${jsonLines}\n{"a": tru}`],
    ] as const;
    for (const [name, content] of places) {
      const { message } = await refusal(read({ [name]: content }, { source: name, target: "y" }));
      expect(message).toMatch(/^t\.\w+: line (5|6)\b/);
    }
  });
});

describe("a first line of numbers", () => {
  const named = async (text: string, more: object = {}) =>
    (await read({ "t.csv": text }, { source: "t.csv", target: -1, intercept: false, ...more }))
      .names;

  it("names columns where it counts them, as pandas writes arrays", async () => {
    expect(await named("0,1,2\n0.5,3,1\n2.5,1,2\n")).toEqual(["0", "1"]);
    expect(await named(",0,1,2\n0,0.5,3,1\n1,2.5,1,2\n")).toEqual(["0", "1"]);
    expect(await named("0,1,target\n0.5,3,1\n2.5,1,2\n")).toEqual(["0", "1"]);
  });

  it("is a row where it does not, or where the next counts as well", async () => {
    expect(await named("0,1,3\n0.5,3,1\n2.5,1,2\n")).toEqual(["column0", "column1"]);
    expect(await named("0,1,2\n0,1,2\n2.5,1,2\n")).toEqual(["column0", "column1"]);
    expect(await named("0,1,2\n0.5,3,1\n", { header: false })).toEqual(["column0", "column1"]);
  });

  it("must be told where it counts years", async () => {
    const years = "2019,2020,2021\n1,2,3\n3,4,5\n";
    expect((await refusal(named(years))).message).toMatch(/counts years: are they names, or/);
    expect(await named(years, { header: true })).toEqual(["2019", "2020"]);
    expect(await named(years, { header: false })).toEqual(["column0", "column1"]);
  });
});

describe("JSON lines", () => {
  const of = (...lines: string[]) => ({ "t.jsonl": lines.join("\n") });
  const options = { source: "t.jsonl", target: "y" } as const;

  it("may lack keys, which are missing values, and hold truth values", async () => {
    const files = of('{"a":1,"b":true,"y":1}', '{"b":false,"y":2}', '{"a":null,"b":true,"y":3}');
    expect((await refusal(prepared(files, options))).message).toMatch(/line 2, column "a"/);
    const impute = { ...options, missing: "impute", standardize: false, intercept: false } as const;
    const { values } = await read(files, impute);
    expect(values.toSorted()).toEqual([0, 1, 1, 1, 1, 1]);
  });

  it.each([
    ["what is not JSON", '{"a":NaN,"y":1}', /line 1: .* is not JSON/],
    ["a list in place of a row", "[1,2]", /line 1: expected a JSON object/],
    ["lists within", '{"a":[1],"y":1}', /column "a" holds lists or mappings/],
  ])("are refused for %s", async (_, line, message) => {
    const forced = { ...options, format: "jsonl" } as const;
    expect((await refusal(prepared(of(line), forced))).message).toMatch(message);
  });

  it("are refused for a key that stands in none of the first thousand rows", async () => {
    const lines = Array.from({ length: 1_001 }, (_, i) => `{"a":${i},"y":${i % 3}}`);
    const late = of(...lines, '{"a":1,"y":1,"b":2}');
    expect((await refusal(prepared(late, options))).message).toMatch(/line 1002: "b" stands in/);
  });
});

describe("an archive of arrays", () => {
  const X = npy("<f8", [2, 2], [1, 2, 4, 5]);
  const y = npy("<i8", [2], [7, 9]);
  const expected = { names: ["column0", "column1"], targets: [7, 9] };

  it.each([
    ["named X and y", { "X.npy": X, "y.npy": y }, true],
    [
      "stored, with a test set beside",
      { "x_train.npy": X, "y_train.npy": y, "x_test.npy": X },
      false,
    ],
    ["named otherwise, one matrix and one vector", { "arr_1.npy": y, "arr_0.npy": X }, true],
  ])("%s is features and targets", async (_, entries, isPacked) => {
    const files = { "t.npz": zipOf(entries, { isPacked }) };
    const { names, targets } = await read(files, { source: "t.npz", intercept: false });
    expect({ names, targets: targets.toSorted() }).toEqual(expected);
  });

  it("is refused where nobody can say which is which", async () => {
    const files = { "t.npz": zipOf({ "a.npy": X, "b.npy": X }) };
    const { message, hint } = await refusal(read(files, { source: "t.npz" }));
    expect(message).toMatch(/which of its arrays are the features/);
    expect(hint).toMatch(/a \(2, 2\), b \(2, 2\)/);
  });
});

test("cells are observed once each, in order, wherever a chunk ends", async () => {
  for (const chunkBytes of [1, 5, 1 << 16]) {
    const seen: string[] = [];
    const source = sourceOf("t.csv", plain, chunkBytes);
    const options = { delimiter: "auto", header: "auto", missingValues: [] } as const;
    const table = await openCsv(source, options, (found) =>
      found.map(({ name }) => ({
        ...skipped(name),
        kind: "text",
        observe: (text) => seen.push(text),
      })),
    );
    for await (const { rows, cells } of table.windows())
      expect([rows, ...cells.subarray(0, 4)]).toEqual([3, 1, 2, 3, 4]);
    expect(seen).toEqual(["1", "red fox", "2", "3", 'a "b" c', "4", "-5e-1", "red fox", "6"]);
  }
});
