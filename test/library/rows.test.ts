import { promises } from "node:fs";
import { type FileHandle, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  exportModel,
  loadModel,
  type Prediction,
  predict,
  RunError,
  type SpecInCode,
  train,
} from "../../src/index.ts";
import { namedRows, type RowSource } from "../../src/library/row-source.ts";
import { newFolder } from "../cli/fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
});
afterAll(() => folder.remove());

const kinds = ["flat", "house, old", 'b"arn'];
const objects = Array.from({ length: 60 }, (_, i) => ({
  area: 20 + ((i * 37) % 50),
  kind: kinds[i % 3]!,
  price: 3 * (20 + ((i * 37) % 50)) + 10 * (i % 3) + 0.1,
}));

const spec = (data: SpecInCode["data"]): SpecInCode => ({
  problem: { type: "ridge", l2: 0 },
  data,
  workers: 4,
  wait: "all",
  stop: { rounds: 20, tolerance: 0 },
});

const trained = (data: SpecInCode["data"]) => train(spec(data), { backend: "simulated", home });

it("refused rows leave nothing behind, and no file that is still being opened", async () => {
  const opened: FileHandle[] = [];
  const { open } = promises;
  vi.spyOn(promises, "open").mockImplementation(async (...given) => {
    // As a busy machine does it: long after it was asked for.
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    const handle = await open(...given);
    if (String(given[0]).endsWith("rows.csv")) opened.push(handle);
    return handle;
  });
  syncBuiltinESMExports();
  try {
    const refused = { rows: [], target: "price" };
    await expect(trained(refused)).rejects.toThrow("rows: there are none");
    expect(opened.map(({ fd }) => fd)).toEqual([-1]);
    expect((await readdir(join(home, "rows"))).join()).not.toContain("unfinished");
  } finally {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  }
});

describe("rows from code", () => {
  it("train as a file of the same rows does, in every form that rows come in", async () => {
    const fieldOf = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const lines = objects.map(({ area, kind, price }) => `${area},${fieldOf(kind)},${price}`);
    const source = join(folder.path, "rows.csv");
    await writeFile(source, `area,kind,price\n${lines.join("\n")}\n`);
    const { result } = await trained({ source, target: "price" });
    async function* stream() {
      yield* objects;
    }
    /** As a table of Arrow iterates: rows that turn into objects. */
    const table = objects.map((row) => ({ toJSON: () => row }));
    const forms = [objects, stream(), new Set(objects), table as unknown as RowSource];
    for (const rows of forms) {
      const one = await trained({ rows, target: "price" });
      expect(one.result.weightsDigest).toBe(result.weightsDigest);
    }
    const names = await readdir(join(home, "rows"));
    expect(names).toHaveLength(1);
    expect((await stat(join(home, "rows", names[0]!))).mode & 0o777).toBe(0o600);
  });

  it("are a matrix with targets beside it, to the bit", async () => {
    const values = Float32Array.from(objects.flatMap(({ area }) => [area / 7, area ** 0.5]));
    const targets = Float64Array.from(objects, ({ price }) => price / 3);
    const matrix = await trained({ rows: { values, columns: 2 }, targets });
    const listed = objects.map((_, i) => ({ x0: values[2 * i]!, x1: values[2 * i + 1]! }));
    const one = await trained({ rows: listed, targets: [...targets] });
    expect(matrix.result.weightsDigest).toBe(one.result.weightsDigest);
    const text = await readFile(
      join(home, "rows", (await readdir(join(home, "rows")))[0]!),
      "utf8",
    );
    expect(text.split("\n")[0]).toMatch(/^(area,kind,price|x0,x1,target)$/);
  });

  it("are a data set of TensorFlow.js: xs, then ys", async () => {
    let next = 0;
    const pairs = objects.map(({ area, price }) => ({
      xs: { dataSync: () => Float32Array.of(area, 1 / area) },
      ys: { dataSync: () => Float32Array.of(price) },
    }));
    const dataset = {
      iterator: async () => ({
        next: async () => ({ value: pairs[next++], done: next > pairs.length }),
      }),
    };
    const rows = [];
    for await (const row of namedRows(dataset)) rows.push(row);
    expect(rows).toHaveLength(60);
    const { area, price } = objects[1]!;
    const cells = [area, 1 / area, price].map(Math.fround);
    expect(rows[1]).toEqual({ names: ["x0", "x1", "x2"], cells });
  });

  it("keep texts that look like numbers as categories, and null as missing", async () => {
    const rows = objects.map(({ price }, i) => ({
      code: `0${i % 3}`,
      size: i % 7,
      price: price + (i % 3 === 1 ? 500 : 0),
    }));
    const { model } = await trained({ rows, target: "price" });
    const { predict } = await model();
    const codes = ["00", "01", "02"].map((code) => ({ code, size: 1 }));
    const [none, one, two] = (await predict(codes)).map(({ value }) => value);
    // As a number the second would stand in the middle.
    expect(Math.abs((none! + two!) / 2 - one!)).toBeGreaterThan(1);
    const missing = trained({
      rows: [...rows, { code: null, size: 1, price: 2 }],
      target: "price",
    });
    await expect(missing).rejects.toMatchObject({ code: "missing-value" });
  });

  it("become what the spec says of their columns, also exported", async () => {
    const sizes = ["low", "mid", "high"];
    const rows = objects.map(({ area }, i) => ({
      ...{ area, size: sizes[(i * 7) % 3]!, zip: `z${i % 9}`, town: `t${i % 4}` },
      day: `2024-${String(1 + ((i * 5) % 12)).padStart(2, "0")}-02`,
      price: area + 10 * ((i * 7) % 3),
    }));
    const size = { type: "ordinal", levels: sizes } as const;
    const zip = { type: "hash", buckets: 4 } as const;
    const columns = { size, zip, town: "frequency", day: { type: "date", as: "parts" } } as const;
    const { run, model } = await trained({ rows, target: "price", columns });
    const hand = await model();
    const [one] = await hand.predict([hand.example]);
    expect(hand.example).toMatchObject({ size: "low", zip: "any", town: "t0" });
    expect(Number.isFinite(one!.value)).toBe(true);
    const output = join(folder.path, "columns.safetensors");
    const again = await loadModel(await exportModel(run, { home, format: "safetensors", output }));
    const raw = rows.map(({ price: _, ...row }) => row);
    const predicted = await hand.predict(raw);
    expect(await again.predict(raw)).toEqual(predicted);
    for (const [i, { value }] of predicted.entries()) expect(value).toBeCloseTo(rows[i]!.price, 0);
    await expect(hand.predict([{ ...raw[0]!, size: "huge" }])).rejects.toMatchObject({
      code: "unlisted-level",
    });
  });

  it.each<[string, RowSource, RegExp]>([
    ["no rows", [], /there are none/],
    ["a number", 5 as unknown as RowSource, /got number, expected rows/],
    ["a row that is none", [{ x: 1 }, 7 as never], /row 1 is 7/],
    ["another column", [{ x: 1 }, { x: 1, z: 2 }], /row 1 has a column "z"/],
    ["a short row", [[1, 2], [1]] as never, /row 1 has 1 values, expected 2/],
    ["a torn matrix", { values: new Float32Array(5), columns: 2 }, /no whole number of rows/],
  ])("are refused as %s", async (_what, rows, message) => {
    const refused = trained({ rows, target: "x" });
    await expect(refused).rejects.toThrow(RunError);
    await expect(refused).rejects.toThrow(message);
  });

  it("need a target each", async () => {
    const refused = trained({ rows: objects, targets: [1, 2] });
    await expect(refused).rejects.toThrow(/targets: 2 of them, for 60 rows/);
  });
});

describe("a model in hand", () => {
  it("predicts as `kofn predict` does, rows in memory in any form", async () => {
    const { run, model } = await trained({ rows: objects, target: "price" });
    const hand = await model();
    expect(hand).toMatchObject({ run, columns: ["area", "kind"], classes: null });
    const [file] = (await readdir(join(home, "rows"))).filter((name) => name.endsWith(".csv"));
    expect(file).toBeDefined();
    const source = join(folder.path, "rows.csv");
    const expected: Prediction[] = [];
    for await (const one of predict(run, source, { home })) expected.push(one);
    const bare = objects.map(({ area, kind }) => ({ kind, area }));
    expect(await hand.predict(bare)).toEqual(expected);
    expect(await hand.predict(objects.map(({ area, kind }) => [area, kind]))).toEqual(expected);
    const refused = hand.predict([{ area: 1 }]);
    await expect(refused).rejects.toMatchObject({ code: "unknown-column" });
  });

  it("is the same by its run's name", async () => {
    const { run, model } = await trained({ rows: objects, target: "price" });
    const again = await loadModel(run, { home });
    const rows = objects.slice(0, 3);
    expect(await again.predict(rows)).toEqual(await (await model()).predict(rows));
    await expect(loadModel("nothing", { home })).rejects.toMatchObject({ code: "unknown-run" });
  });
});
