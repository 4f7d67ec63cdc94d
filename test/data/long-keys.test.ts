import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, it } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { dataSchema } from "../../src/data/options.ts";
import { keptColumns } from "../../src/data/prepare/kept-columns.ts";
import { npy } from "./array-files.ts";
import { arrowBytes } from "./arrow-writer.ts";
import { opener, prepared } from "./fixtures.ts";

/** Whole numbers that a double does not tell apart. */
const keys = [9_007_199_254_740_993n, 9_007_199_254_740_992n, -1n, 12n];
const y = [1, 2, 3, 4];
const lines = (row: (key: bigint, i: number) => string) => keys.map(row).join("\n");
const bytes = ({ buffer }: { readonly buffer: ArrayBufferLike }) => new Uint8Array(buffer);
const none = new Uint8Array(0);
const files = {
  "t.csv": `id,y\n${lines((key, i) => `${key},${y[i]}`)}\n`,
  "t.jsonl": lines((key, i) => `{"id": ${key}, "y": ${y[i]}}`),
  "t.parquet": new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: "id", data: keys, type: "INT64", nullable: false },
        { name: "y", data: y, type: "DOUBLE" },
      ],
    }),
  ),
  "t.arrow": arrowBytes(
    [
      {
        ...{
          name: "id",
          type: 2,
          about: [
            { bytes: 4, value: 64 },
            { bytes: 1, value: 1 },
          ],
        },
        buffers: [none, bytes(BigInt64Array.from(keys))],
      },
      {
        ...{ name: "y", type: 3, about: [{ bytes: 2, value: 2 }] },
        buffers: [none, bytes(Float64Array.from(y))],
      },
    ],
    keys.length,
    "file",
  ),
};

it("keys of many digits keep all of them, kept and as categories, in every format", async () => {
  for (const name of Object.keys(files)) {
    const reading = parseOptions(dataSchema, { source: name }, "data");
    const kept = await keptColumns(["id"], name, reading, opener(files));
    expect({ name, kept: (await kept.take(4)).flat() }).toEqual({ name, kept: keys.map(String) });
    await kept.close();
    const options = { source: name, target: "y", intercept: false } as const;
    const made = await prepared(files, { ...options, columns: { id: "category" } });
    expect(made.prepared.preparation.featureNames).toEqual(
      keys
        .map(String)
        .sort()
        .map((key) => `id=${key}`),
    );
  }
});

it("keys of many digits in an array keep all of them as well, signed or not", async () => {
  const cells = keys.flatMap((key, i) => [key < 0n ? 7n : key, BigInt(y[i]!)]);
  const row = (fortran: boolean) =>
    fortran ? [...cells.keys()].map((i) => cells[(i % 4) * 2 + Math.floor(i / 4)]!) : cells;
  for (const fortran of [false, true]) {
    const array = npy("<i8", [4, 2], row(fortran) as unknown as number[], { fortran });
    for (const sign of ["i", "u"]) {
      const bytes = array.slice();
      bytes[bytes.indexOf(0x3c, 10) + 1] = sign.charCodeAt(0);
      const options = { source: "t.npy", target: 1, intercept: false } as const;
      const more = { ...options, columns: { column0: "category" } } as const;
      const { prepared: made } = await prepared({ "t.npy": bytes }, more);
      const expected = ["12", "7", "9007199254740992", "9007199254740993"];
      const { featureNames } = made.preparation;
      expect(featureNames).toEqual(expected.map((key) => `column0=${key}`));
    }
  }
});
