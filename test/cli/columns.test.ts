import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jsonLines, kofn, newFolder } from "./fixtures.ts";

/** A price by place of a size, month of a day, and area. */
const rows = Array.from({ length: 240 }, (_, i) => {
  const area = 20 + ((i * 37) % 100);
  const place = (i * 7) % 3;
  const month = 1 + ((i * 5) % 12);
  const year = 2001 + ((i * 11) % 7);
  const day = `${year}-${String(month).padStart(2, "0")}-${String(1 + (i % 28)).padStart(2, "0")}`;
  const zip = String(500 + (i % 40)).padStart(5, "0");
  const size = ["low", "mid", "high"][place]!;
  return { area, size, day, zip, price: 3 * area + 40 * place - 5 * month };
});
const columns = [
  "size: { type: ordinal, levels: [low, mid, high] }",
  "day: { type: date, as: parts }",
  "zip: { type: hash, buckets: 8 }",
];

let folder: Awaited<ReturnType<typeof newFolder>>;
const at = (name: string) => join(folder.path, name);
const ask = (...args: string[]) => kofn(at("home"), ...args);

beforeAll(async () => {
  folder = await newFolder();
  const lines = rows.map((row) => Object.values(row).join(","));
  await writeFile(at("rows.csv"), `area,size,day,zip,price\n${lines.join("\n")}\n`);
  const spec = [
    "problem: { type: ridge, l2: 0.000001 }",
    `data: { source: rows.csv, target: price, columns: { ${columns.join(", ")} } }`,
    "workers: 4\nwait: all\nstop: { rounds: 80, tolerance: 0 }\n",
  ];
  await writeFile(at("r.yaml"), spec.join("\n"));
  const ended = await ask("simulate", at("r.yaml"), "--name", "r");
  expect(ended.exitCode, ended.err).toBe(0);
});
afterAll(() => folder.remove());

describe("columns that a spec decides", () => {
  it("are learned, shown in their units, and carried to predictions", async () => {
    const { out } = await ask("show", "r", "--model");
    expect(out).toMatch(/^size +(40|39\.99\d*|40\.0\d*) /m);
    expect(out).toMatch(/^day\.month +-(5|4\.9\d*|5\.0\d*) /m);
    expect(out).toMatch(
      /^encoded +size: places from low to high, day: days year month day weekday, zip: 8 buckets$/m,
    );
    const predicted = (await ask("predict", "r", at("rows.csv"))).out.trimEnd().split("\n");
    for (const [i, line] of predicted.slice(1).entries())
      expect(Number(line.split(",")[1])).toBeCloseTo(rows[i]!.price, 0);
  });

  it("stand in the table of inspect as they become, and init takes them over", async () => {
    const set = ["--set", `data.columns={ ${columns.join(", ")} }`];
    const { out } = await ask("inspect", at("rows.csv"), "--target", "price", ...set);
    expect(out).toMatch(/^size .* ordinal: 3 places from low to high *$/m);
    expect(out).toMatch(/^day .* date: parts: days, year, month, day, weekday, a feature each/m);
    expect(out).toMatch(/^zip .* hash: 40 codes in 8 buckets, a feature each/m);
    const made = await ask(
      ...["init", at("rows.csv"), "--target", "price", "--output", at("made.yaml"), ...set],
    );
    expect([made.exitCode, made.err]).toEqual([0, expect.stringMatching(/train by it/)]);
    expect(await readFile(at("made.yaml"), "utf8")).toMatch(/levels:\n +- low\n +- mid/);
    const run = await ask("simulate", at("made.yaml"), "--set", "workers=4", "--set", "wait=all");
    expect(run.exitCode, run.err).toBe(0);
  });

  it("are refused by name where a file holds no hash", async () => {
    for (const format of ["onnx", "npy"]) {
      const { exitCode, err } = await ask("export", "r", "--format", format, "--output", at("x"));
      expect([exitCode, err]).toEqual([2, expect.stringMatching(/cannot hold column "zip"/)]);
    }
  });
});

describe("kofn predict --output NAME.parquet", () => {
  const readRows = async (name: string) => {
    const bytes = await readFile(at(name));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    return parquetReadObjects({ file: file as ArrayBuffer });
  };

  it("holds what the lines of CSV hold, in columns with types", async () => {
    const { out } = await ask("predict", "r", at("rows.csv"), "--keep", "zip");
    const saved = ["predict", "r", at("rows.csv"), "--keep", "zip", "--output", at("p.parquet")];
    const { out: none, exitCode } = await ask(...saved);
    expect([none, exitCode]).toEqual(["", 0]);
    const read = await readRows("p.parquet");
    const [head, ...lines] = out.trimEnd().split("\n");
    expect(Object.keys(read[0]!).join()).toBe(head);
    expect(read.map((row) => Object.values(row).join())).toEqual(lines);
    expect(read[1]).toEqual({ row: 1n, zip: "00501", prediction: expect.any(Number) });
    // What kofn wrote, kofn reads.
    const shown = await ask("inspect", at("p.parquet"), "--json");
    expect(jsonLines(shown.out).at(-1)).toMatchObject({ format: "parquet", rows: 240 });
  });

  it("is by the file's ending, and refused where it cannot be", async () => {
    await ask("predict", "r", at("rows.csv"), "--output", at("p.jsonl"));
    expect(JSON.parse((await readFile(at("p.jsonl"), "utf8")).split("\n")[0]!).row).toBe(0);
    const refused: [string[], RegExp][] = [
      [["--format", "parquet"], /parquet is written to a file.*\n?.*--output NAME\.parquet/],
      [["--format", "csv", "--output", at("q.parquet")], /but --format is csv/],
      [["--format", "xlsx"], /--format: xlsx, expected csv, jsonl or parquet/],
      [["--keep", "zip,zip"], /--keep: zip: two columns would have this name/],
      [["--output", at("absent/q.parquet")], /absent\/q\.parquet: cannot be written/],
    ];
    for (const [args, message] of refused) {
      const { exitCode, err } = await ask("predict", "r", at("rows.csv"), ...args);
      expect([exitCode, err]).toEqual([2, expect.stringMatching(message)]);
    }
    expect((await readdir(folder.path)).filter((name) => /part-|q\.parquet/.test(name))).toEqual(
      [],
    );
  });
});
