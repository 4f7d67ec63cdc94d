import type { DataInput } from "../../src/data/options.ts";
import type { BadInput } from "./bad-input.ts";

/** What a spec says of columns that they cannot be, and columns that are not what it says. */
const text = "a,size,when,y\n1,low,2024-01-01,3\n4,high,2024-01-02,6\n";
const sizes = { type: "ordinal", levels: ["low", "high"] } as const;

type Row = readonly [
  name: string,
  columns: unknown,
  code: string,
  message: RegExp,
  hint: RegExp,
  more?: DataInput,
];

const rows: readonly Row[] = [
  [
    "an unknown column",
    { sise: sizes },
    "unknown-column",
    /data\.columns in .*t\.csv: no column is called "sise"/,
    /did you mean "size"/,
  ],
  [
    "several unknown columns",
    { sise: sizes, b: "drop" },
    "unknown-column",
    /"sise"; .*"b"/,
    /choose from a, size, when, y/,
  ],
  [
    "the target",
    { y: "number" },
    "bad-option",
    /data\.columns: "y" is the target/,
    /data\.classes/,
  ],
  [
    "a type that there is not",
    { size: "catagory" },
    "bad-value",
    /data\.columns\.size: expected number, category, date, drop, hash or frequency.*"catagory"/,
    /reference/,
  ],
  ["an order without levels", { size: "ordinal" }, "bad-value", /levels: \[low, mid, high\]/, /./],
  [
    "an order of one level",
    { size: { type: "ordinal", levels: ["low"] } },
    "bad-value",
    /data\.columns\.size.*two levels or more/,
    /./,
  ],
  [
    "a level twice",
    { size: { type: "ordinal", levels: ["low", "low"] } },
    "bad-value",
    /data\.columns\.size.*each value once/,
    /./,
  ],
  ["one bucket", { size: { type: "hash", buckets: 1 } }, "bad-value", /data\.columns\.size/, /./],
  [
    "an option of another type",
    { size: { type: "hash", levels: ["low"] } },
    "unknown-key",
    /data\.columns\.size\.levels: unknown key/,
    /known keys: type, buckets/,
  ],
  [
    "a column that is dropped as well",
    { size: sizes },
    "bad-option",
    /data\.columns: "size" stands under data\.drop as well/,
    /say once/,
    { source: "t.csv", drop: ["size"] },
  ],
  [
    "a column whose levels are stated as well",
    { size: "hash" },
    "bad-option",
    /"size" stands under data\.levels as well/,
    /say once/,
    { source: "t.csv", levels: { size: ["low"] } },
  ],
  [
    "a word without a place",
    { size: { type: "ordinal", levels: ["low", "mid"] } },
    "unlisted-level",
    /t\.csv: line 3, column "size": "high", expected one of its levels in order \("low", "mid"\)/,
    /among the levels of "size" in data\.columns/,
    { source: "t.csv", dates: "drop" },
  ],
  [
    "words that are to be numbers",
    { size: "number" },
    "bad-number",
    /line 2, column "size": "low" is not a number/,
    /columns: \{ size: \{ type: category|columns: \{ size: category/,
  ],
  [
    "words that are to be dates",
    { size: "date" },
    "bad-number",
    /line 2, column "size": "low" is not a date/,
    /columns: \{ size: category/,
  ],
  [
    "dates that are to be numbers",
    { when: "number", size: sizes },
    "bad-number",
    /line 2, column "when": "2024-01-01" is not a number/,
    /columns: \{ when: date/,
  ],
  [
    "nothing that is left",
    { a: "drop", size: "drop", when: "drop" },
    "no-features",
    /no column is left besides the target/,
    /data\.drop/,
  ],
];

const onlyColumns: BadInput[] = [
  ...[
    [`{"a":1,"y":2}\n{"a":1,"y":2,"a":3}\n`, 2, "a"],
    [`{"a" : 1, "y" : 2, "a" : 3}\n`, 1, "a"],
    [`{"a\\"":1,"y":"\\":{","a\\u0022":3}\n`, 1, 'a\\\\?"'],
  ].map(([text, line, key], i) => ({
    name: `JSON with a key twice, ${i + 1}`,
    files: { "t.jsonl": text as string },
    options: { source: "t.jsonl", target: "y" } as DataInput,
    ...{ code: "duplicate-column", hint: /name of its own/ },
    message: new RegExp(`t\\.jsonl: line ${line}: two values are called ".*${key}`),
  })),
  {
    name: "columns of LIBSVM",
    files: { "t.svm": "1 1:2\n" },
    options: { source: "t.svm", columns: { a: "hash" } },
    code: "bad-option",
    message: /data\.columns: a, but .*t\.svm has no such columns/,
    hint: /remove the option/,
  },
];

export const badColumns: readonly BadInput[] = [
  ...rows.map(([name, columns, code, message, hint, more = { source: "t.csv" }]) => ({
    name: `columns: ${name}`,
    files: { "t.csv": text },
    options: { target: "y", ...more, columns } as DataInput,
    ...{ code, message, hint },
  })),
  ...onlyColumns,
];
