import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";
import { columnKindOf } from "./column-kind.ts";
import {
  type Column,
  type DenseWindow,
  type FoundColumn,
  type Layout,
  type Table,
  WindowCells,
} from "./table.ts";
import { typedCell } from "./typed-cell.ts";

/** Rows that decide what columns there are, and what they hold. */
const lookRows = 1_000;
const lineBytesMax = 16 * 1024 * 1024;

type Row = Readonly<Record<string, unknown>>;

/** A file of JSON objects, one a line: a column a key, in the order in which they first stand. */
export async function openJsonLines(
  source: Source,
  missingValues: readonly string[],
  layout: Layout,
): Promise<Table<DenseWindow>> {
  const first: Row[] = [];
  for await (const { row } of rowsOf(source)) {
    first.push(row);
    if (first.length === lookRows) break;
  }
  if (first.length === 0)
    throw new RunError("no-rows", `${source.name}: there are no rows`, {
      hint: "give a file with a JSON object on each line",
    });
  const names = [...new Set(first.flatMap(Object.keys))];
  const missing = new Set(missingValues);
  const columns = layout(names.map((name) => foundColumn(name, first, missing)));
  return { columns, windows: () => windows(source, columns, missing) };
}

function foundColumn(
  name: string,
  rows: readonly Row[],
  missing: ReadonlySet<string>,
): FoundColumn {
  const values = rows.map((row) => row[name]).filter((value) => value != null);
  if (values.some((value) => typeof value === "object"))
    return { name, kind: "text", opaque: "lists or mappings" };
  if (values.length > 0 && values.every((value) => typeof value === "boolean"))
    return { name, kind: "number", truth: true };
  return { name, ...columnKindOf(values.map(String), missing) };
}

async function* windows(
  source: Source,
  columns: readonly Column[],
  missing: ReadonlySet<string>,
): AsyncGenerator<DenseWindow> {
  const read = columns.filter(({ kind }) => kind !== "skip");
  const names = new Set(columns.map(({ name }) => name));
  const width = read.length;
  const held = new WindowCells(width);
  let rows = 0;
  for await (const { row, line } of rowsOf(source)) {
    for (const key of Object.keys(row)) if (!names.has(key)) throw lateColumn(source, line, key);
    for (const [j, column] of read.entries()) {
      const place = () => `${source.name}: line ${line}, column ${inQuotes(column.name)}`;
      held.cells[rows * width + j] = typedCell(column, row[column.name], missing, place);
    }
    rows++;
    if (rows < held.rowsMax) {
      held.reserve(rows + 1);
      continue;
    }
    yield { kind: "dense", rows, width, cells: held.cells };
    rows = 0;
  }
  if (rows > 0) yield { kind: "dense", rows, width, cells: held.cells };
}

/** The objects of a file, each with the number of its line; blank lines are none. */
async function* rowsOf(source: Source): AsyncGenerator<{ row: Row; line: number }> {
  let line = 0;
  for await (const text of linesOf(source)) {
    line++;
    if (text.trim() !== "") yield { row: parsed(text, source, line), line };
  }
}

async function* linesOf(source: Source): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of decodeText(source)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      yield bytes.toString("utf8", at, end);
      at = end + 1;
    }
    rest = bytes.subarray(at);
    if (rest.length > lineBytesMax)
      throw new RunError("row-too-long", `${source.name}: a line of over ${lineBytesMax} bytes`, {
        hint: "write one JSON object a line",
      });
  }
  yield rest.toString("utf8");
}

/** Text that may hold whole numbers which a double does not tell apart. */
const longDigits = /(?<![.\d])\d{16,}(?![\d.eE])/;

/** A reviver that sees how a value is written; its type does not say so yet. */
type Reviver = (key: string, value: unknown, of: { readonly source?: string }) => unknown;
const parseWithSource = JSON.parse as (text: string, revive: Reviver) => unknown;

/** Such a number keeps all of its digits: it is a key. */
const wholeNumber: Reviver = (_key, value, { source }) => {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
};

function parsed(text: string, source: Source, line: number): Row {
  let value: unknown;
  try {
    value = longDigits.test(text) ? parseWithSource(text, wholeNumber) : JSON.parse(text);
  } catch (cause) {
    const start = inQuotes(text.trim().slice(0, 40));
    throw new RunError("bad-json-line", `${source.name}: line ${line}: ${start} is not JSON`, {
      hint: "write one JSON object a line; NaN and Infinity are none: null is a missing value",
      cause,
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    refuseTwins(text, value as Row, `${source.name}: line ${line}`);
    return value as Row;
  }
  throw new RunError("bad-json-line", `${source.name}: line ${line}: expected a JSON object`, {
    hint: 'write a row as {"name": value, ...}',
  });
}

/** A row that has a key twice would be read as its last value. */
function refuseTwins(text: string, row: Row, place: string): void {
  // As many ends of keys as keys: no text or inner object has such, and no key stands there twice.
  let count = 0;
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) count++;
  if (count === Object.keys(row).length) return;
  const keys = keysIn(text);
  const twin = keys.find((key, i) => keys.indexOf(key) < i);
  if (twin === undefined) return;
  throw new RunError("duplicate-column", `${place}: two values are called ${inQuotes(twin)}`, {
    hint: "give each value of a row a name of its own",
  });
}

/** The keys of an object's text in order, those of objects in it not. */
function keysIn(text: string): string[] {
  const keys: string[] = [];
  let [depth, last] = [0, ""];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (token === ":" && depth === 1) keys.push(JSON.parse(last) as string);
    last = token;
  }
  return keys;
}

function lateColumn(source: Source, line: number, key: string): RunError {
  return new RunError(
    "unknown-column",
    `${source.name}: line ${line}: ${inQuotes(key)} stands in none of the first ${lookRows} rows`,
    { hint: "give the first row every key, with null where it has no value" },
  );
}
