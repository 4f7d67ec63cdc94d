import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, it } from "vitest";
import { type Files, prepared } from "./fixtures.ts";

/** Hundredths; three of ten of them are not 0.3 where they are multiplied by 0.01. */
const hundredths = Array.from({ length: 400 }, (_, i) => (i * 7919 - 1_200_000) % 100_003);

function decimals(): Uint8Array {
  const isThere = { repetition_type: "REQUIRED" as const };
  const schema = [
    { name: "root", num_children: 2 },
    {
      ...{ name: "price", type: "INT64" as const, converted_type: "DECIMAL" as const },
      ...{ scale: 2, precision: 12, ...isThere },
    },
    { name: "y", type: "DOUBLE" as const, ...isThere },
  ];
  const columnData = [
    { name: "price", data: hundredths.map((value) => value / 100) },
    { name: "y", data: [...hundredths.keys()] },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, schema }));
}

it("decimals are the numbers and the words that text has for them", async () => {
  const lines = hundredths.map((value, i) => `${(value / 100).toFixed(2)},${i}`);
  const files: Files = { "t.csv": `price,y\n${lines.join("\n")}\n`, "t.parquet": decimals() };
  const bits = async (source: string, price: "number" | "hash" | "frequency") => {
    const options = { source, target: "y", columns: { price } };
    return (await prepared(files, options)).prepared.train.map(({ sha256 }) => sha256);
  };
  for (const kind of ["number", "hash", "frequency"] as const)
    expect(await bits("t.parquet", kind)).toEqual(await bits("t.csv", kind));
});
