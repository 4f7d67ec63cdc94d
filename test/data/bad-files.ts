import { readFileSync } from "node:fs";
import { zstdCompressSync } from "node:zlib";
import type { DataInput } from "../../src/data/options.ts";
import { npy, zipOf } from "./array-files.ts";
import type { BadInput } from "./bad-input.ts";
import { writers } from "./written-as.ts";

const csv = { source: "t.csv", target: "y" } as const;
const good = "a,b,y\n1,2,3\n4,5,6\n";
const bytes = (text: string) => Buffer.from(text);
const written = (name: string) =>
  readFileSync(new URL(`../fixtures/tables/${name}`, import.meta.url));
const of = (source: string, more: DataInput = {}) => ({ source, target: "y", ...more });
const twice = { names: ["a", "a", "y"], rows: [[1, 2, 3]] };
const arrow = writers.feather!({ names: ["a", "y"], rows: [[1, 2]] }) as Uint8Array;

const formats: BadInput[] = [
  [
    "JSON that is cut",
    "t.jsonl",
    bytes('{"a":1,"y":2}\n{"a":1,'),
    of("t.jsonl"),
    "bad-json-line",
    /line 2: .* is not JSON/,
    /one JSON object a line/,
  ],
  [
    "JSON of lists",
    "t.jsonl",
    bytes('{"a":[1,2],"y":2}\n'),
    of("t.jsonl"),
    "bad-column",
    /column "a" holds lists/,
    /data\.drop: \[a\]/,
  ],
  [
    "JSON with a late key",
    "t.jsonl",
    bytes(`${'{"a":1,"y":2}\n'.repeat(1_001)}{"b":1}\n`),
    of("t.jsonl"),
    "unknown-column",
    /line 1002: "b" stands in none/,
    /null/,
  ],
  [
    "JSON that is a row of cells",
    "t.jsonl",
    bytes("[1,2]\n"),
    of("t.jsonl", { format: "jsonl" }),
    "bad-json-line",
    /line 1: expected a JSON object/,
    /"name": value/,
  ],
  [
    "Parquet with times of day",
    "t.parquet",
    written("time-duckdb.parquet"),
    of("t.parquet"),
    "bad-column",
    /"t" holds times of day/,
    /data\.drop: \[t\]/,
  ],
  [
    "Parquet with lists",
    "t.parquet",
    written("nested-pyarrow.parquet"),
    of("t.parquet"),
    "bad-column",
    /"t" holds lists/,
    /data\.drop/,
  ],
  [
    "Parquet with a name twice",
    "t.parquet",
    written("twins-pyarrow.parquet"),
    of("t.parquet"),
    "duplicate-column",
    /two columns are called "a"/,
    /name of its own/,
  ],
  [
    "Parquet of DuckDB's unsigned numbers",
    "t.parquet",
    written("uint32-duckdb.parquet"),
    of("t.parquet"),
    "bad-column",
    /"t" holds unsigned numbers/,
    /data\.drop/,
  ],
  [
    "Parquet that is cut",
    "t.parquet",
    written("time-duckdb.parquet").subarray(0, 200),
    of("t.parquet"),
    "bad-parquet",
    /not a readable Parquet/,
    /whole/,
  ],
  [
    "Arrow that is cut",
    "t.feather",
    arrow.subarray(0, arrow.length - 9),
    of("t.feather"),
    "bad-arrow",
    /its end is not there/,
    /whole/,
  ],
  [
    "Arrow with times of day",
    "t.feather",
    written("spans.feather"),
    of("t.feather"),
    "bad-column",
    /"t" holds times of day/,
    /data\.drop: \[t\]/,
  ],
  [
    "Arrow with a name twice",
    "t.feather",
    writers.feather!(twice) as Uint8Array,
    of("t.feather"),
    "duplicate-column",
    /two columns are called "a"/,
    /name of its own/,
  ],
  [
    "Arrow that is text",
    "t.arrow",
    bytes(good),
    of("t.arrow"),
    "bad-arrow",
    /t\.arrow: not a readable Arrow/,
    /whole/,
  ],
  [
    "an archive of two matrices",
    "t.npz",
    zipOf({ "a.npy": npy("<f4", [1, 2], [1, 2]), "b.npy": npy("<f4", [1, 2], [1, 2]) }),
    { source: "t.npz" },
    "bad-format",
    /which of its arrays/,
    /a \(1, 2\), b \(1, 2\)/,
  ],
  [
    "an archive of fewer targets",
    "t.npz",
    zipOf({ "X.npy": npy("<f4", [2, 1], [1, 2]), "y.npy": npy("<f4", [3], [1, 2, 3]) }),
    { source: "t.npz" },
    "bad-format",
    /y is \(3\), and X \(2, 1\)/,
    /a number for each row/,
  ],
  [
    "a ZIP archive of two tables",
    "t.zip",
    zipOf({ "a.csv": bytes(good), "b.csv": bytes(good) }),
    of("t.zip"),
    "bad-format",
    /archive of 2 files/,
    /a\.csv, b\.csv/,
  ],
  [
    "a workbook",
    "t.xlsx",
    zipOf({ "xl/workbook.xml": bytes("<a/>") }),
    of("t.xlsx"),
    "bad-format",
    /a workbook/,
    /read_excel/,
  ],
  [
    "zstd that is cut",
    "t.csv.zst",
    zstdCompressSync(good).subarray(0, 12),
    of("t.csv.zst"),
    "truncated-gzip",
    /the zstd data end too early/,
    /zstd -t/,
  ],
].map(([name, file, content, options, code, message, hint]) => ({
  name: name as string,
  files: { [file as string]: content as Uint8Array },
  options: options as DataInput,
  code: code as string,
  message: message as RegExp,
  hint: hint as RegExp,
}));

const sets: BadInput[] = [
  {
    name: "test rows of another format",
    files: { "t.csv": good, "u.libsvm": "1 1:1\n" },
    options: { ...csv, test: "u.libsvm" },
    code: "bad-format",
    message: /u\.libsvm: it is libsvm, not csv/,
    hint: /format of/,
  },
  {
    name: "strata of numbers",
    files: { "t.csv": good },
    options: { ...csv, test: 0.5, stratify: true },
    code: "bad-option",
    message: /data\.stratify: the target "y" is numbers/,
    hint: /classifies/,
  },
  {
    name: "strata beside a test file",
    files: { "t.csv": good, "u.csv": good },
    options: { ...csv, test: "u.csv", stratify: true },
    task: "classification",
    code: "bad-option",
    message: /data\.test is a file/,
    hint: /as a share/,
  },
  {
    name: "targets in a second file of a table",
    files: { "t.csv": good, "u.csv": good },
    options: { source: "t.csv", targetSource: "u.csv" },
    code: "bad-option",
    message: /data\.targetSource: .*the data are csv/,
    hint: /data\.target/,
  },
  {
    name: "LIBSVM with columns named",
    files: { "t.libsvm": "1 1:1\n" },
    options: { source: "t.libsvm", drop: ["a"] },
    code: "bad-option",
    message: /data\.drop: a, but/,
    hint: /remove the option/,
  },
  {
    name: "LIBSVM with a target named",
    files: { "t.libsvm": "1 1:1\n" },
    options: of("t.libsvm"),
    code: "bad-option",
    message: /data\.target: y, but/,
    hint: /remove the option/,
  },
  {
    name: "LIBSVM of more features than stated",
    files: { "t.libsvm": "1 9:1\n" },
    options: { source: "t.libsvm", features: 3 },
    code: "bad-index",
    message: /data\.features: 3, and rows go up to index 9/,
    hint: /at most/,
  },
];

/** More data that must be refused: of other formats, and of what does not fit together. */
export const badFiles: readonly BadInput[] = [...formats, ...sets];
