import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { RunError } from "../../src/core/errors.ts";
import { openParquet } from "../../src/data/formats/parquet.ts";
import { type FoundColumn, skipped } from "../../src/data/formats/table.ts";
import type { DataInput } from "../../src/data/options.ts";
import { campaign, fuzzing } from "../campaign.ts";
import { npy, zipOf } from "./array-files.ts";
import { prepared, sourceOf } from "./fixtures.ts";
import { type Written, writers } from "./written-as.ts";

const text = (content: string) => new TextEncoder().encode(content);
const csv = text('a,"b",y\n1,"x ""y""",3\n-2.5e3,"z\nz",4\n3,é,5\n');
const parquet = new Uint8Array(
  parquetWriteBuffer({
    columnData: [
      { name: "a", data: [1, 2, 3, 4], type: "INT32" },
      { name: "kind", data: ["x", "y", "x", "y"], type: "STRING" },
      { name: "y", data: [0.5, 1.5, 2.5, 3.5], type: "DOUBLE" },
    ],
  }),
);

const table: Written = {
  names: ["a", "kind", "t", "y"],
  rows: [1, 2, 3].map((i) => [i / 2, i === 2 ? "x" : "y", i > 1, 4 * i]),
};
const arrow = (ending: string) => writers[ending]!(table) as Uint8Array;

const formats: { name: string; whole: Uint8Array; options: Partial<DataInput> }[] = [
  { name: "t.csv", whole: csv, options: { target: "y" } },
  { name: "t.csv.gz", whole: gzipSync(csv), options: { target: "y" } },
  { name: "t.libsvm", whole: text("+1 1:0.5 3:2e0 # more\r\n-1 2:-1\n\n1\n"), options: {} },
  { name: "t.npy", whole: npy("<f8", [2, 3], [1, 2, 3, 4, 5, 6]), options: { target: -1 } },
  {
    name: "f.npy",
    whole: npy("<i4", [2, 3], [1, 2, 3, 4, 5, 6], { fortran: true, version: 2 }),
    options: { target: -1 },
  },
  { name: "t.parquet", whole: parquet, options: { target: "y" } },
  { name: "t.feather", whole: arrow("feather"), options: { target: "y" } },
  { name: "t.arrows", whole: arrow("arrows"), options: { target: "y" } },
  {
    name: "t.jsonl",
    whole: text('{"a":1,"b":"é","y":2}\n{"a":3,"b":"x","y":4}\n'),
    options: { target: "y" },
  },
  {
    name: "t.npz",
    whole: zipOf({ "X.npy": npy("<f8", [2, 2], [1, 2, 3, 4]), "y.npy": npy("<i8", [2], [1, 2]) }),
    options: {},
  },
  { name: "t.zip", whole: zipOf({ "t.csv": csv }), options: { target: "y" } },
  { name: "t.csv.zst", whole: zstdCompressSync(csv), options: { target: "y" } },
  { name: "t.txt", whole: text("a  b  y\n1 2\t3\n 4 5 6\n"), options: { target: "y" } },
];

/** Rows or a `RunError` with a message; anything else is thrown on. */
async function outcome(name: string, bytes: Uint8Array, options: Partial<DataInput>) {
  try {
    const done = await prepared({ [name]: bytes }, { source: name, ...options });
    return done.prepared.rows;
  } catch (error) {
    if (error instanceof RunError) return error.message;
    throw error;
  }
}

describe.each(formats)("whatever $name holds", ({ name, whole, options }) => {
  it("is rows when it is whole", async () => {
    expect(await outcome(name, whole, options)).toBeTypeOf("number");
  });

  it("is rows or a refusal when it is cut anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        expect(await outcome(name, whole.slice(0, length), options)).toBeDefined();
      }),
      fuzzing(15, 2_000),
    );
  });

  // The Parquet decoder does not come back from some pages: it has a test of its own below.
  it.skipIf(name === "t.parquet")("is rows or a refusal when bytes are changed", async () => {
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const bytes = whole.slice();
        for (const [at, value] of list) bytes[at] = value;
        expect(await outcome(name, bytes, options)).toBeDefined();
      }),
      fuzzing(40, 5_000),
    );
  });

  it("is rows or a refusal when it is noise", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await outcome(name, bytes, options)).toBeDefined();
      }),
      fuzzing(15, 2_000),
    );
  });
});

describe("a Parquet file whose bytes were changed", () => {
  it("is rows or a refusal, and never keeps anyone waiting", async () => {
    const change = fc.tuple(fc.nat(parquet.length - 1), fc.nat(255));
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    const pages = campaign(20, 1_000);
    let stalled = 0;
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const bytes = parquet.slice();
        for (const [at, value] of list) bytes[at] = value;
        try {
          const layout = (found: readonly FoundColumn[]) =>
            found.map((column) => ({ ...skipped(column.name), ...column }));
          const table = await openParquet(sourceOf("t.parquet", bytes), [], layout, 1_000);
          for await (const window of table.windows()) expect(window.rows).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof RunError)) throw error;
          if (/could not be decoded in/.test(error.message)) stalled++;
        }
      }),
      { numRuns: pages, seed: 11 },
    );
    console.log(`Parquet pages given up: ${stalled} of ${pages}`);
  });
});
