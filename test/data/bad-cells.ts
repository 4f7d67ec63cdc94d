import type { BadInput } from "./bad-input.ts";

const csv = { source: "t.csv", target: "y" } as const;
/** Eleven rows, the last of which has a cell that is none of those before. */
const odd = (cell: string, usual = "1.5", separator = ",") =>
  `a${separator}y\n${`${usual}${separator}3\n`.repeat(10)}${cell}${separator}4\n`;
const late = (usual: string, cell: string) => `a,y\n${`${usual},3\n`.repeat(1_200)}${cell},4\n`;

type Row = readonly [string, string | Uint8Array, string, RegExp, RegExp];

const fromCsv = (rows: readonly Row[]): BadInput[] =>
  rows.map(([name, content, code, message, hint]) => ({
    ...{ name, files: { "t.csv": content }, options: csv, code, message, hint },
  }));

/** Cells of CSV that are not what their column holds. */
export const badCells: readonly BadInput[] = fromCsv([
  [
    "decimal commas",
    odd("2,5", "1,5", ";"),
    "odd-numbers",
    /column "a": 11 of the first 11 .*"1,5"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "thousands",
    odd('"1,234"'),
    "odd-numbers",
    /column "a": 1 of the first 11 .*"1,234"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "thousands set apart by blanks",
    odd("1 234"),
    "odd-numbers",
    /column "a": .*"1 234"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "a percentage",
    odd("12 %"),
    "odd-numbers",
    /column "a": .*"12 %"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "a sum of money",
    odd("$5.20"),
    "odd-numbers",
    /column "a": .*"\$5\.20"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "a sum of money in euros",
    odd("5.20 €"),
    "odd-numbers",
    /column "a": .*"5\.20 €"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "a negative number in brackets",
    odd("(3)"),
    "odd-numbers",
    /column "a": .*"\(3\)"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "a typographic minus",
    odd("\u22122"),
    "odd-numbers",
    /column "a": .*"\u22122"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "an exponent of Fortran",
    odd("1.0D+03"),
    "odd-numbers",
    /column "a": .*"1\.0D\+03"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "a unit behind a number",
    odd("3 kg"),
    "odd-numbers",
    /column "a": .*"3 kg"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "a hexadecimal number",
    odd("0x1F"),
    "odd-numbers",
    /column "a": .*"0x1F"/,
    /1234\.5.*missingValues.*categorical/,
  ],
  [
    "a division by zero of Excel",
    odd("#DIV/0!"),
    "missing-value",
    /line 12, column "a": the value is missing \(.*"#DIV\/0!"/,
    /impute.*data\.drop/,
  ],
  [
    "a missing value of MySQL",
    odd("\\N"),
    "missing-value",
    /line 12, column "a": the value is missing \(.*N"/,
    /impute.*data\.drop/,
  ],
  [
    "a missing value of SAS",
    odd("."),
    "missing-value",
    /line 12, column "a": the value is missing \(.*"\."/,
    /impute.*data\.drop/,
  ],
  [
    "a missing value of pandas",
    odd("<NA>"),
    "missing-value",
    /line 12, column "a": the value is missing \(.*"<NA>"/,
    /impute.*data\.drop/,
  ],
  [
    "a dash",
    odd("-"),
    "missing-value",
    /line 12, column "a": the value is missing \(.*"-"/,
    /impute.*data\.drop/,
  ],
  [
    "a word among truth values, late",
    late("true", "maybe"),
    "bad-number",
    /line 1202, column "a": "maybe"/,
    /held truth values/,
  ],
  [
    "a word among dates, late",
    late("2024-01-31", "soon"),
    "bad-number",
    /line 1202, column "a": "soon" is not a date/,
    /data\.dates/,
  ],
  [
    "a day that is none, late",
    late("2024-01-31", "2024-02-30"),
    "bad-number",
    /line 1202, column "a": "2024-02-30"/,
    /held dates/,
  ],
  [
    "dates as target",
    "a,y\n1,2024-01-31\n2,2024-02-01\n",
    "bad-target",
    /target "y" holds text/,
    /column of numbers/,
  ],
  [
    "truth values as target",
    "a,y\n1,true\n2,false\n",
    "bad-target",
    /target "y" holds text/,
    /logistic/,
  ],
  [
    "names that may be years",
    "2019,2020,2021\n1,2,3\n3,4,5\n",
    "unclear-header",
    /line 1 counts years/,
    /data\.header/,
  ],
  [
    "a comment before the names",
    "# made by hand\na,b,y\n1,2,3\n4,5,6\n",
    "comment-line",
    /line 1 is a comment/,
    /grep/,
  ],
  [
    "a row of tabs among commas",
    "a,b,y\n1,2,3\n4\t5\t6\n",
    "ragged-row",
    /line 3: 1 fields, expected 3/,
    /data\.delimiter/,
  ],
]);
