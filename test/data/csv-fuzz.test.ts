import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberIn } from "../../src/data/formats/cell.ts";
import { openCsv } from "../../src/data/formats/csv.ts";
import { type Column, newLevels } from "../../src/data/formats/table.ts";
import { sourceOf } from "./fixtures.ts";

const missingValues: string[] = [];

/** Every cell of a file as text, through the reader. */
async function cellsOf(text: string, chunkBytes: number, delimiter: string): Promise<string[][]> {
  const columns: Column[] = [];
  const source = sourceOf("t.csv", text, chunkBytes);
  const options = { delimiter, header: false, missingValues };
  const table = await openCsv(source, options, (found) => {
    for (const { name } of found)
      columns.push({
        name,
        kind: "text",
        missing: "keep",
        isTarget: false,
        levels: newLevels(100_000),
      });
    return columns;
  });
  const rows: string[][] = [];
  for await (const { cells, width, rows: count } of table.windows())
    for (let i = 0; i < count; i++)
      rows.push(columns.map(({ levels }, j) => levels.names[cells[i * width + j]!]!));
  return rows;
}

async function numbersOf(lines: readonly string[]): Promise<number[]> {
  const table = await openCsv(
    sourceOf("t.csv", lines.map((line) => `${line},\r\n`).join("")),
    { delimiter: ",", header: false, missingValues },
    (found) =>
      found.map(({ name }, i) => ({
        name,
        kind: i === 0 ? "number" : "skip",
        missing: "refuse",
        isTarget: false,
        levels: newLevels(0),
      })),
  );
  const numbers: number[] = [];
  for await (const { cells, rows } of table.windows()) numbers.push(...cells.subarray(0, rows));
  return numbers;
}

const delimiters = [",", ";", "\t", "|"];
const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "é", "😀", '"', "\n", "\r", ",", ";", "\t", "|", " ") }),
  fc.string({ maxLength: 8 }),
);
const clean = cell.map((text) => text.replaceAll("\0", ""));
const table = fc.integer({ min: 1, max: 5 }).chain((width) =>
  fc.array(fc.array(fc.tuple(clean, fc.boolean()), { minLength: width, maxLength: width }), {
    minLength: 1,
    maxLength: 12,
  }),
);

describe("CSV", () => {
  it("written with wild quotes reads back, in chunks of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(...delimiters),
        fc.constantFrom("\n", "\r\n"),
        fc.integer({ min: 3, max: 40 }),
        fc.boolean(),
        async (rows, delimiter, newline, chunkBytes, lastNewline) => {
          const written = rows.map((row) =>
            row.map(([text, quote]) => {
              const needed = /["\r\n\ufeff]/.test(text) || text.includes(delimiter);
              // A row of one empty field is a blank line unless it is quoted.
              const blank = text === "" && row.length === 1;
              return needed || quote || blank ? `"${text.replaceAll('"', '""')}"` : text;
            }),
          );
          const text = written.map((row) => row.join(delimiter)).join(newline);
          const file = lastNewline ? text + newline : text;
          const plain = rows.map((row) => row.map(([cellText]) => cellText));
          expect(await cellsOf(file, chunkBytes, delimiter)).toEqual(plain);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("means what another reader of RFC 4180 says it means", async () => {
    const text = 'a,"b ""c""",\r\n"x\r\ny", z ,""\n1,,"3"\n';
    expect(await cellsOf(text, 5, ",")).toEqual(parse(text, { record_delimiter: ["\r\n", "\n"] }));
  });

  it("gives every number as JavaScript reads it, to the bit", async () => {
    const decimal = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 }).map(String),
      fc.tuple(fc.integer(), fc.nat(999_999)).map(([a, b]) => `${a}.${b}`),
      fc.stringMatching(/^[+-]?\d{1,20}\.?\d{0,20}([eE][+-]?\d)?$/),
      fc.constantFrom("-0", "0.1", ".5", "5.", " 7 ", "123456789012345", "0.000000000000001"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(decimal, { minLength: 1, maxLength: 20 }), async (lines) => {
        expect(await numbersOf(lines)).toEqual(lines.map((line) => Number(line)));
      }),
      { numRuns: 300 },
    );
    expect(numberIn("0x10")).toBeUndefined();
  });
});
