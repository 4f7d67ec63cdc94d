import fc from "fast-check";
import { parquetWriteBuffer, schemaFromColumnData } from "hyparquet-writer";
import { describe, expect, it, test } from "vitest";
import { writeDateParts } from "../../src/data/date-parts.ts";
import type { DataInput } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { type ArrowColumn, arrowBytes } from "./arrow-writer.ts";
import { type Files, prepared } from "./fixtures.ts";

function partsOf(days: number): number[] {
  const out = new Float64Array(7);
  writeDateParts(days, out);
  return [...out];
}

test("parts of a point in time are those of Date", () => {
  const ends = { min: new Date(-8e15), max: new Date(8e15), noInvalidDate: true };
  fc.assert(
    fc.property(fc.date(ends), (date) => {
      const ms = date.getTime();
      expect(partsOf(ms / 86_400_000)).toEqual([
        ms / 86_400_000,
        ...[date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()],
        ...[((date.getUTCDay() + 6) % 7) + 1, date.getUTCHours(), date.getUTCMinutes()],
      ]);
    }),
  );
  expect(partsOf(Number.NaN).every(Number.isNaN)).toBe(true);
  const day = (year: number, month: number, date: number) =>
    Date.UTC(year, month, date) / 86_400_000;
  const others: number[] = [];
  for (let at = day(1890, 0, 1); at < day(2110, 0, 1); at++) {
    const [, year, month, date] = partsOf(at);
    if (day(year!, month! - 1, date!) !== at) others.push(at);
  }
  expect(others).toEqual([]);
});

/** Before 1970 as well, with and without a part of a millisecond. */
const micros = [-1n, -1_500n, 86_399_999_999n, 1_709_209_805_123_999n, -9_000_000_000_000_000n];
const plain = { target: "y", intercept: false, dates: "parts" } as const;
const targets = micros.map((_, i) => i);

/** A point in time as tables of text have it, to a microsecond. */
function spelled(point: bigint): string {
  const below = ((point % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const second = new Date(Number((point - below) / 1_000n)).toISOString().slice(0, 19);
  return `${second.replace("T", " ")}.${String(below).padStart(6, "0")}`;
}

function parquetDays(days: readonly number[]): Uint8Array {
  const columnData = [
    { name: "when", data: days.map((day) => new Date(day * 86_400_000)) },
    { name: "y", data: [...days.keys()] },
  ];
  const isThere = { repetition_type: "REQUIRED" as const };
  const schema = [
    { name: "root", num_children: 2 },
    { name: "when", type: "INT32" as const, converted_type: "DATE" as const, ...isThere },
    { name: "y", type: "DOUBLE" as const, ...isThere },
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, schema }));
}

function parquetFile(unit: "MILLIS" | "MICROS" | "NANOS", points: readonly bigint[]): Uint8Array {
  const columnData = [
    { name: "when", data: [...points], type: "INT64" as const, nullable: false },
    { name: "y", data: targets, type: "DOUBLE" as const, nullable: false },
  ];
  const schema = schemaFromColumnData({ columnData }).map((element) =>
    element.name === "when"
      ? { ...element, logical_type: { type: "TIMESTAMP" as const, isAdjustedToUTC: true, unit } }
      : element,
  );
  const data = columnData.map(({ name, data }) => ({ name, data }));
  return new Uint8Array(parquetWriteBuffer({ columnData: data, schema }));
}

const bytes = ({ buffer }: { readonly buffer: ArrayBufferLike }) => new Uint8Array(buffer);

function arrowFile(unit: number, points: readonly bigint[]): Uint8Array {
  const small = (value: number) => ({ bytes: 2 as const, value });
  const none = new Uint8Array(0);
  const columns: ArrowColumn[] = [
    {
      ...{ name: "when", type: 10, about: [small(unit)] },
      buffers: [none, bytes(BigInt64Array.from(points))],
    },
    { name: "y", type: 3, about: [small(2)], buffers: [none, bytes(Float64Array.from(targets))] },
  ];
  return arrowBytes(columns, points.length, "file");
}

async function bitsOf(files: Files, options: DataInput) {
  const { prepared: made, store } = await prepared(files, options);
  const { rows } = await readExamples(store, made.train, made.columns);
  return {
    names: made.preparation.featureNames,
    columns: made.preparation.columns,
    parts: made.train.map(({ sha256 }) => sha256),
    values: rows.values,
  };
}

describe("dates as parts", () => {
  const nanos = micros.map((point) => point * 1_000n);
  const units = [1_000n, 1n] as const;
  const text = (points: readonly bigint[]) =>
    `when,y\n${points.map((point, i) => `${spelled(point)},${i}`).join("\n")}\n`;

  it("are the same bits from text, Parquet and Arrow in every unit", async () => {
    const files: Files = {
      "t.csv": text(micros),
      "micros.parquet": parquetFile("MICROS", micros),
      "nanos.parquet": parquetFile("NANOS", nanos),
      "micros.arrow": arrowFile(2, micros),
      "nanos.arrow": arrowFile(3, nanos),
    };
    const first = await bitsOf(files, { ...plain, source: "t.csv" });
    expect(first.names.map((name) => name.split(".")[1])).toEqual(
      "days year month day weekday hour minute".split(" "),
    );
    for (const source of Object.keys(files))
      expect({ source, ...(await bitsOf(files, { ...plain, source })) }).toEqual({
        source,
        ...first,
      });
    const whole = micros.map((point) => (point / units[0] / 1_000n) * 1_000n);
    const coarse: Files = {
      "t.csv": text(whole.map((point) => point * units[0])),
      "millis.parquet": parquetFile("MILLIS", whole),
      "millis.arrow": arrowFile(1, whole),
      "seconds.arrow": arrowFile(
        0,
        whole.map((point) => point / 1_000n),
      ),
    };
    const second = await bitsOf(coarse, { ...plain, source: "t.csv" });
    for (const source of Object.keys(coarse))
      expect((await bitsOf(coarse, { ...plain, source })).parts).toEqual(second.parts);
  });

  it("are the same bits from days, as text, Parquet and both dates of Arrow", async () => {
    const days = [-1, 0, 19_782, -719_162];
    const arrow = (unit: number, cells: Int32Array | BigInt64Array) => {
      const about = [{ bytes: 2 as const, value: unit }];
      const none = new Uint8Array(0);
      const columns: ArrowColumn[] = [
        { name: "when", type: 8, about, buffers: [none, bytes(cells)] },
        {
          ...{ name: "y", type: 3, about: [{ bytes: 2 as const, value: 2 }] },
          buffers: [none, bytes(Float64Array.from(days.keys()))],
        },
      ];
      return arrowBytes(columns, days.length, "file");
    };
    const ms = days.map((day) => BigInt(day) * 86_400_000n);
    const files: Files = {
      "t.csv": text(ms.map((point) => point * 1_000n)).replaceAll(/ 00:00:00\.0+/g, ""),
      "t.parquet": parquetDays(days),
      "days.arrow": arrow(0, Int32Array.from(days)),
      "ms.arrow": arrow(1, BigInt64Array.from(ms)),
    };
    const { parts, names } = await bitsOf(files, { ...plain, source: "t.csv" });
    expect(names).toHaveLength(5);
    for (const source of Object.keys(files))
      expect((await bitsOf(files, { ...plain, source })).parts).toEqual(parts);
  });

  const file = (cells: readonly string[]) => ({
    "t.csv": `when,y\n${cells.map((cell, i) => `${cell},${i}`).join("\n")}\n`,
  });
  const options = { source: "t.csv", target: "y", standardize: false, intercept: false } as const;

  it("have hour and minute where training rows have times, or as the spec says", async () => {
    const days = file(["2024-02-29", "2023-12-31"]);
    const times = file(["2024-02-29 23:59:30", "2023-12-31"]);
    const named = async (files: Files, more: DataInput) =>
      (await bitsOf(files, { ...options, ...more })).values.length / 2;
    expect(await named(days, { dates: "parts" })).toBe(5);
    expect(await named(times, { dates: "parts" })).toBe(7);
    const when = (more: object) => ({ columns: { when: { type: "date", ...more } as const } });
    expect(await named(times, when({}))).toBe(1);
    expect(await named(times, when({ as: "parts", times: false }))).toBe(5);
    expect(await named(days, when({ as: "parts", times: true }))).toBe(7);
    expect(await named(times, { dates: "parts", ...when({ as: "days" }) })).toBe(1);
    const { values } = await bitsOf(file(["2024-02-29 23:59:30"]), { ...options, dates: "parts" });
    expect([...values].slice(1)).toEqual([2024, 2, 29, 4, 23, 59]);
  });

  it("of a private run are those that are stated, whatever the rows hold", async () => {
    const columns = { when: { type: "date", as: "parts" } } as const;
    const names = async (cell: string) => {
      const { prepared: made } = await prepared(
        file([cell, cell]),
        { ...options, columns },
        { isPrivate: true },
      );
      return made.preparation;
    };
    const timed = await names("2024-02-29 23:59");
    expect(timed.featureNames).toHaveLength(5);
    expect(await names("1950-01-01")).toEqual(timed);
  });
});
