import { gzipSync } from "node:zlib";
import type { DataInput } from "../../src/data/options.ts";
import { npy } from "./array-files.ts";

/** Data that must be refused, and how. `options.source` and others name one of `files`. */
export interface BadInput {
  readonly name: string;
  /** By name; null stands for a directory. */
  readonly files: Readonly<Record<string, string | Uint8Array | null>>;
  readonly options: DataInput;
  readonly task?: "regression" | "classification";
  readonly code: string;
  readonly message: RegExp;
  readonly hint?: RegExp;
}

const csv = { source: "t.csv", target: "y" } as const;
const good = "a,b,y\n1,2,3\n4,5,6\n";
const bytes = (...parts: (string | readonly number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));
const manyRows = (value: string) =>
  `a,y\n${Array.from({ length: 1500 }, (_, i) => (i === 1200 ? value : `${i},1`)).join("\n")}\n`;

const csvStructure: BadInput[] = [
  ["a short row", "a,b,y\n1,2,3\n4,5\n", "ragged-row", /t\.csv: line 3: 2 fields, expected 3/],
  ["a long row", "a,b,y\n1,2,3,4\n", "ragged-row", /line 2: more than 3 fields/],
  ["a late short row", `a,y\n${"1,2\n".repeat(70_000)}1\n`, "ragged-row", /line 70002: 1 fields/],
  [
    "an unclosed quote",
    'a,b,y\n1,"2,3\n4,5,6\n',
    "unclosed-quote",
    /line 2: a quoted field is not closed/,
  ],
  ["text after a quote", 'a,b,y\n1,"2"x,3\n', "bad-quote", /line 2: "b": text after/],
  ["an empty file", "", "no-rows", /t\.csv: there are no rows/],
  ["blank lines only", "\n\r\n\n", "no-rows", /no rows/],
  ["a header alone", "a,b,y\n", "no-rows", /hold no rows/],
  ["the same name twice", "a,a,y\n1,2,3\n", "duplicate-column", /columns 1 and 2 .* "a"/],
  ["an oversized field", `a,b,y\n1,"${"x".repeat(2 ** 20 + 1)}",3\n`, "field-too-long", /"b"/],
].map(([name, text, code, message]) => ({
  name: name as string,
  files: { "t.csv": text as string },
  options: csv,
  code: code as string,
  message: message as RegExp,
}));

const csvValues: BadInput[] = [
  ["a missing value", "a,b,y\n1,,3\n", "missing-value", /line 2, column "b".*""/, /impute/],
  ["a missing value late", manyRows("?,1"), "missing-value", /line 1202, column "a"/, /drop/],
  ["a missing target", "a,b,y\n1,2,NA\n", "missing-value", /line 2, column "y".*"NA"/, /target/],
  ["a number turned text", manyRows("red,1"), "bad-number", /line 1202.*"red"/, /categorical/],
  ["an infinity", "a,b,y\n1,inf,3\n", "not-finite", /line 2, column "b": "inf"/, /missingValues/],
  ["an overflow", "a,b,y\n1,1e999,3\n", "not-finite", /"1e999" is not a finite/, /correct/],
  ["text as target", "a,b,y\n1,2,yes\n", "bad-target", /"y" holds text/, /classifies/],
].map(([name, text, code, message, hint]) => ({
  name: name as string,
  files: { "t.csv": text as string },
  options: csv,
  code: code as string,
  message: message as RegExp,
  hint: hint as RegExp,
}));

const encodings: BadInput[] = [
  ["Latin-1", bytes("a,b,y\n1,2,3\n", [0xe9], ",5,6\n"), "not-utf8", /line 3: byte 0xe9/, /iconv/],
  ["UTF-16", Buffer.from(`\ufeff${good}`, "utf16le"), "not-utf8", /UTF-16/, /iconv/],
  ["UTF-16 unmarked", Buffer.from(good, "utf16le"), "binary-data", /line 1: byte 0x0/, /format/],
  ["a NUL byte", bytes("a,b,y\n1,2,3\n4,", [0], ",6\n"), "binary-data", /line 3: /, /binary/],
  ["a cut gzip", gzipSync(good).subarray(0, 20), "truncated-gzip", /end too early/, /gzip -t/],
  ["a broken gzip", bytes([0x1f, 0x8b, 9, 9, 9, 9], good), "bad-gzip", /damaged gzip/, /again/],
].map(([name, content, code, message, hint]) => ({
  name: name as string,
  files: { "t.csv": content as Uint8Array },
  options: csv,
  code: code as string,
  message: message as RegExp,
  hint: hint as RegExp,
}));

const choices: BadInput[] = [
  {
    name: "no target",
    files: { "t.csv": good },
    options: { source: "t.csv" },
    code: "no-target",
    message: /data\.target/,
    hint: /a, b, y/,
  },
  {
    name: "an unknown target",
    files: { "t.csv": "price,area\n1,2\n" },
    options: { source: "t.csv", target: "prise" },
    code: "unknown-column",
    message: /"prise"/,
    hint: /did you mean "price"/,
  },
  {
    name: "a target index beyond the columns",
    files: { "t.csv": good },
    options: { source: "t.csv", target: 3 },
    code: "unknown-column",
    message: /index 3, expected 0 to 2/,
  },
  {
    name: "an unknown column to drop",
    files: { "t.csv": good },
    options: { ...csv, drop: ["c"] },
    code: "unknown-column",
    message: /data\.drop.*"c"/,
  },
  {
    name: "no feature left",
    files: { "t.csv": good },
    options: { ...csv, drop: ["a", "b"] },
    code: "no-features",
    message: /besides the target/,
  },
  {
    name: "one class",
    files: { "t.csv": "a,y\n1,no\n2,no\n" },
    options: csv,
    task: "classification",
    code: "one-class",
    message: /one class \("no"\)/,
  },
  {
    name: "too many categories",
    files: { "t.csv": "a,y\nu,1\nv,2\nw,3\n" },
    options: { ...csv, categoriesMax: 2 },
    code: "too-many-categories",
    message: /line 4.*"w" would be category 3/,
    hint: /categoriesMax/,
  },
  {
    name: "a test file without a column",
    files: { "t.csv": good, "u.csv": "a,y\n1,2\n" },
    options: { ...csv, test: "u.csv" },
    code: "unknown-column",
    message: /u\.csv.*"b"/,
  },
  {
    name: "a misspelt option",
    files: { "t.csv": good },
    options: { ...csv, standardise: false } as DataInput,
    code: "unknown-key",
    message: /data\.standardise/,
    hint: /did you mean "standardize"/,
  },
];

const files: BadInput[] = [
  {
    name: "an absent file",
    files: { "houses.csv": good },
    options: { source: "house.csv", target: "y" },
    code: "no-such-file",
    message: /house\.csv: there is no such file/,
    hint: /did you mean "houses\.csv"/,
  },
  {
    name: "a directory",
    files: { folder: null },
    options: { source: "folder", target: "y" },
    code: "not-a-file",
    message: /folder: a directory/,
  },
];

const libsvm: BadInput[] = [
  ["index 0 of 1 and on", "1 1:1\n1 0:1\n", "bad-index", /line 2: index 0, expected 1 to/, false],
  ["an index twice", "1 2:1 2:1\n", "bad-index", /line 1: index 2 stands there twice/],
  ["an index twice, apart", "1 2:1 1:1 2:1\n", "bad-index", /line 1: index 2 stands there twice/],
  ["a missing value", "1 1:nan\n", "not-finite", /value "nan" of index 1/],
  ["a label with a weight", "1:0.5 1:1\n", "bad-label", /"1:0.5": has a weight/],
  ["several labels", "1,3 1:1\n", "bad-label", /"1,3": names several classes/],
  ["an enormous index", "1 99999999999:1\n", "bad-index", /99999999999/],
  ["no colon", "1 5\n", "bad-libsvm", /"5", expected index:value/],
  ["a value that is no number", "1 1:x\n", "bad-libsvm", /value "x"/],
  ["an infinite value", "1 1:inf\n", "not-finite", /"inf"/],
  ["a label that is no number", "yes 1:1\n", "bad-label", /label "yes"/],
  ["comments alone", "# nothing\n", "no-rows", /no rows/],
].map(([name, text, code, message, zeroBased]) => ({
  name: `LIBSVM: ${name as string}`,
  files: { "t.libsvm": text as string },
  options: { source: "t.libsvm", ...(zeroBased === undefined ? {} : { zeroBased: false }) },
  code: code as string,
  message: message as RegExp,
}));

const whole = npy("<f4", [2, 2], [1, 2, 3, 4]);
const arrays: BadInput[] = [
  ["a cut array", "t.npy", whole.subarray(0, whole.length - 4), "truncated-npy", /expected 16/],
  ["a cut header", "t.npy", whole.subarray(0, 30), "bad-npy", /header of/],
  ["not an array", "t.npy", bytes("a,b\n1,2\n3,4\n"), "bad-npy", /not a NumPy array/],
  ["complex numbers", "t.npy", npy("<c8", [1, 2], [1, 2]), "bad-npy", /type "<c8"/],
  ["an array of text", "t.npy", npy("<U2", [1, 2], [1, 2]), "bad-npy", /type "<U2"/],
  ["rows of nothing", "t.npy", npy("<f4", [2, 0], []), "bad-npy", /shape \(2,0\)/],
  ["NaN", "t.npy", npy("<f8", [1, 2], [NaN, 1]), "missing-value", /row 0, column "column0"/],
  ["not Parquet", "t.parquet", bytes("a,b\n1,2\n3,4\n"), "bad-parquet", /not a readable Parquet/],
].map(([name, file, content, code, message]) => ({
  name: name as string,
  files: { [file as string]: content as Uint8Array },
  options: { source: file as string, target: -1 },
  code: code as string,
  message: message as RegExp,
}));

const several: BadInput[] = [
  {
    name: "several columns of odd numbers",
    files: { "t.csv": `a,b,y\n${"1,2,3\n".repeat(9)}"1,5",12 %,3\n` },
    options: csv,
    code: "odd-numbers",
    message: /column "a": 1 of .*column "b": 1 of /,
    hint: /name "a" under.*name "b" under/,
  },
  {
    name: "several unknown columns",
    files: { "t.csv": good },
    options: { ...csv, drop: ["c"], categorical: ["d"] },
    code: "unknown-column",
    message: /data\.drop.*"c".*data\.categorical.*"d"/,
  },
  {
    name: "equal names that may be a row",
    files: { "t.csv": "no,no,yes\nno,yes,yes\n" },
    options: { source: "t.csv", target: -1 },
    code: "duplicate-column",
    message: /both called "no"/,
    hint: /data\.header: false/,
  },
];

export const badInputs: readonly BadInput[] = [
  ...several,
  ...csvStructure,
  ...csvValues,
  ...encodings,
  ...choices,
  ...files,
  ...libsvm,
  ...arrays,
];
