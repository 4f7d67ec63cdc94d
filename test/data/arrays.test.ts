import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, it } from "vitest";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { npy } from "./array-files.ts";
import { prepared, refusal } from "./fixtures.ts";

const plain = { standardize: false, intercept: false } as const;

async function rowsOf(files: Record<string, Uint8Array>, options: object, columns: number) {
  const done = await prepared(files, { ...plain, ...options });
  const { rows, targets } = await readExamples(done.store, done.prepared.train, columns);
  return [...targets]
    .map((y, i) => [...rows.values.subarray(i * columns, (i + 1) * columns), y].join())
    .sort();
}

describe("a NumPy array", () => {
  const values = [1, 2, 3, 4, 5, 6];
  const expected = ["1,2,3", "4,5,6"];

  it.each(["<f4", "<f8", "<i4", "<i8", "|u1"])("of type %s is read", async (descr) => {
    const files = { "a.npy": npy(descr, [2, 3], values) };
    expect(await rowsOf(files, { source: "a.npy", target: -1 }, 2)).toEqual(expected);
  });

  it("may be of any size of number, in either byte order, or of half precision", async () => {
    const of = async (descr: string, bytes: readonly number[]) => {
      const array = npy(descr, [1, 2], [0, 0]);
      array.set(bytes, array.length - bytes.length);
      return (await rowsOf({ "a.npy": array }, { source: "a.npy", target: -1 }, 1))[0];
    };
    expect(await of(">f4", [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0])).toBe("1,-2");
    expect(await of("<f2", [0, 0x3e, 0x01, 0x80])).toBe(`1.5,${Math.fround(-(2 ** -24))}`);
    expect(await of(">i2", [0xff, 0xfe, 1, 0])).toBe("-2,256");
    expect(await of("|i1", [0xff, 5])).toBe("-1,5");
    expect(await of("<u4", [0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0])).toBe("4294967296,1");
  });

  it("may have rows that are arrays, which are laid flat in either order", async () => {
    const inOrder = npy("<f4", [2, 2, 3], [...Array(12).keys()]);
    const fortran = npy("<f4", [2, 2, 3], [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11], {
      fortran: true,
    });
    const expected = ["0,1,2,3,4,5", "6,7,8,9,10,11"];
    for (const array of [inOrder, fortran])
      expect(await rowsOf({ "a.npy": array }, { source: "a.npy", target: -1 }, 5)).toEqual(
        expected,
      );
  });

  it.each([1, 2, 3])("of format version %i is read", async (version) => {
    const files = { "a.npy": npy("<f8", [2, 3], values, { version }) };
    expect(await rowsOf(files, { source: "a.npy", target: 2 }, 2)).toEqual(expected);
  });

  it("may be in column order", async () => {
    const files = { "a.npy": npy("<f4", [2, 3], [1, 4, 2, 5, 3, 6], { fortran: true }) };
    expect(await rowsOf(files, { source: "a.npy", target: "column2" }, 2)).toEqual(expected);
    expect(await rowsOf(files, { source: "a.npy", target: 0, drop: ["column1"] }, 1)).toEqual([
      "3,1",
      "6,4",
    ]);
  });

  it("may have its targets in a second file", async () => {
    const files = {
      "x.npy": npy("<f4", [2, 2], [1, 2, 4, 5]),
      "y.npy": npy("|b1", [2], [1, 0]),
    };
    const options = { source: "x.npy", targetSource: "y.npy" };
    expect(await rowsOf(files, options, 2)).toEqual(["1,2,1", "4,5,0"]);
    const short = { ...files, "y.npy": npy("|b1", [1], [1]) };
    expect((await refusal(rowsOf(short, options, 2))).message).toMatch(/y\.npy.*expected \(2,\)/);
  });
});

describe("a Parquet file", () => {
  const file = (rowGroupSize: number) =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "a", data: [1, 2, 3, 4, 5], type: "INT32" },
          { name: "b", data: [1n, 2n, 3n, 4n, 5n], type: "INT64" },
          { name: "kind", data: ["x", "y", "x", "y", "x"], type: "STRING" },
          { name: "flag", data: [true, false, true, false, true], type: "BOOLEAN" },
          { name: "y", data: [0.5, 1.5, 2.5, 3.5, 4.5], type: "DOUBLE" },
        ],
        rowGroupSize,
      }),
    );

  it.each([2, 100])("is read in row groups of %i", async (rowGroupSize) => {
    const files = { "t.parquet": file(rowGroupSize) };
    expect(await rowsOf(files, { source: "t.parquet", target: "y" }, 5)).toEqual([
      "1,1,1,0,1,0.5",
      "2,2,0,1,0,1.5",
      "3,3,1,0,1,2.5",
      "4,4,0,1,0,3.5",
      "5,5,1,0,1,4.5",
    ]);
  });

  it("is known by its first bytes", async () => {
    expect(await rowsOf({ t: file(3) }, { source: "t", target: "y" }, 5)).toHaveLength(5);
  });
});
