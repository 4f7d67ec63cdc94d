import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { type DataInput, dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { transformer } from "../../src/data/prepare/transform.ts";
import { tableFiles } from "../../src/data/sources/file-pattern.ts";
import { openDataSource } from "../../src/platform/open-source.ts";
import { memoryStore, refusal } from "./fixtures.ts";

let folder = "";
const at = (path: string) => join(folder, path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kofn-parts-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), content);
  }
}

async function read(options: DataInput) {
  const plain = { standardize: false, intercept: false, target: "y" };
  const data = parseOptions(dataSchema, { ...plain, ...options }, "data");
  const store = memoryStore();
  const ports = { open: openDataSource, store };
  const made = await prepareDataSet({ data, task: "regression", seed: 1 }, ports);
  const { rows, targets } = await readExamples(store, made.train, made.columns);
  const all = [...targets].map((y, i) => [
    ...rows.values.subarray(i * made.columns, (i + 1) * made.columns),
    y,
  ]);
  return { names: made.preparation.featureNames, rows: all.map(String).sort(), made };
}

test("files of a table are those that writers mean, in the order of their names", () => {
  const paths = ["b.csv", "_SUCCESS", "a.csv", ".a.csv.crc", "_tmp/a.csv", "y=1/c.csv", "d/e.txt"];
  const of = (pattern: string | null) => tableFiles(paths, pattern).map(({ path }) => path);
  expect(of(null)).toEqual(["a.csv", "b.csv", "d/e.txt", "y=1/c.csv"]);
  expect(of("*.csv")).toEqual(["a.csv", "b.csv"]);
  expect(of("**/*.csv")).toEqual(["a.csv", "b.csv", "y=1/c.csv"]);
  expect(of("[!b].csv")).toEqual(["a.csv"]);
  expect(of("?/e.txt")).toEqual(["d/e.txt"]);
  const [hive] = tableFiles(["zone=a%2Fb/day=__HIVE_DEFAULT_PARTITION__/p.parquet"], null);
  expect(hive!.partition).toEqual({ zone: "a/b", day: "" });
});

describe("several files", () => {
  const parts = { "p/part-0.csv": "a,kind,y\n1,x,2\n", "p/part-1.csv": "y,a,kind\n4,3,z\n6,5,x\n" };
  const whole = "a,kind,y\n1,x,2\n3,z,4\n5,x,6\n";

  it("of a folder, of a pattern or of a list are one table, each column by its name", async () => {
    await write({ ...parts, "p/_SUCCESS": "", "p/.part-0.csv.crc": "x", "whole.csv": whole });
    const expected = await read({ source: at("whole.csv") });
    const list = [at("p/part-0.csv"), at("p/part-1.csv")];
    for (const source of [at("p"), at("p/part-*.csv"), list]) {
      const { names, rows, made } = await read({ source });
      expect({ source, names, rows }).toEqual({
        source,
        names: expected.names,
        rows: expected.rows,
      });
      expect(made.digest).not.toBe(expected.made.digest);
    }
    const tested = await read({ source: at("p"), test: at("p") });
    expect([tested.made.rows, tested.made.testRows]).toEqual([3, 3]);
  });

  it("are read by a model as it reads one", async () => {
    await write({ ...parts, "whole.csv": whole });
    const { made } = await read({ source: at("whole.csv") });
    const reading = parseOptions(dataSchema, { source: "-" }, "data");
    const { batches } = transformer(made.preparation, reading);
    const seen: number[][] = [];
    for await (const { firstRow, targets } of batches(at("p"), openDataSource))
      seen.push([firstRow, ...targets!]);
    expect(seen).toEqual([
      [0, 2],
      [1, 4, 6],
    ]);
  });

  it("of folders that name values have those as columns, numbers and words", async () => {
    const file = (a: number[], y: number[]) =>
      new Uint8Array(
        parquetWriteBuffer({
          columnData: [
            { name: "a", data: a, type: "DOUBLE" },
            { name: "y", data: y, type: "DOUBLE" },
          ],
        }),
      );
    await write({
      "hive/year=2023/town=Oslo/p.parquet": file([1, 2], [3, 4]),
      "hive/year=2024/town=Bod%C3%B8/p.parquet": file([5], [6]),
      "hive/year=2024/town=Oslo/p.parquet": file([7], [8]),
    });
    const { names, rows } = await read({ source: at("hive") });
    expect(names).toEqual(["a", "year", "town=Bodø", "town=Oslo"]);
    expect(rows).toEqual(["1,2023,0,1,3", "2,2023,0,1,4", "5,2024,1,0,6", "7,2024,0,1,8"]);
    const dropped = await read({ source: at("hive"), drop: ["town"] });
    expect(dropped.names).toEqual(["a", "year"]);
  });

  it.each([
    [
      "other columns",
      { "q/a.csv": "a,y\n1,2\n", "q/b.csv": "b,y\n1,2\n" },
      /b\.csv: .*lacks "a".*"b"/,
    ],
    ["other formats", { "r/a.csv": "a,y\n1,2\n", "r/b.jsonl": '{"a":1}' }, /b\.jsonl: it is jsonl/],
    ["other depths", { "s/k=1/a.csv": "a,y\n1,2\n", "s/b.csv": "a,y\n1,2\n" }, /its folders say/],
    ["a name twice", { "u/a=1/a.csv": "a,y\n1,2\n" }, /"a" is a column of the files and of/],
    [
      "words for numbers",
      { "v/a.csv": "a,y\n1,2\n", "v/b.csv": "a,y\nx,2\n" },
      /b\.csv: line 2.*"x"/,
    ],
    ["nothing", { "w/_SUCCESS": "" }, /w: a directory without data files/],
  ])("are refused for %s, by the file's name", async (_, files, message) => {
    await write(files);
    const source = at(Object.keys(files)[0]!.split("/")[0]!);
    expect((await refusal(read({ source }))).message).toMatch(message);
  });

  it("are refused where no file is meant", async () => {
    const { message } = await refusal(read({ source: at("nothing-*.csv") }));
    expect(message).toMatch(/a pattern that no file has/);
  });
});
