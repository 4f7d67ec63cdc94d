import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import { numberIn } from "./cell.ts";
import { columnKindOf } from "./column-kind.ts";
import { areEven } from "./csv-text.ts";
import type { FoundColumn, ReadOptions } from "./table.ts";

/** What the first rows of a CSV file say about the rest. */
export interface Dialect {
  readonly delimiter: string;
  readonly columns: readonly FoundColumn[];
  /** Where the rows begin, in bytes and in lines. */
  readonly bodyStart: number;
  readonly bodyLine: number;
}

/** Rows that decide what a column holds. */
export const sniffRows = 1_000;

const delimiters = [",", ";", "\t", "|"];

/** Reads delimiter, header and column kinds off a file's head. Whole rows only, unless `whole`. */
export function sniff(head: Buffer, whole: boolean, options: ReadOptions, name: string): Dialect {
  const text = head.toString("utf8");
  const delimiter = options.delimiter === "auto" ? likelyDelimiter(text, whole) : options.delimiter;
  const rows = records(text, delimiter, sniffRows + 1, whole);
  const first = rows[0];
  if (first === undefined)
    throw new RunError("no-rows", `${name}: there are no rows`, {
      hint: "give a file with a row of column names and at least one row of data",
    });
  const missing = new Set(options.missingValues);
  refuseComment(text, rows, name);
  const isAuto = options.header === "auto";
  const header = isAuto ? isHeader(rows, missing, name) : options.header === true;
  const body = header ? rows.slice(1) : rows;
  const heads = header && leavesOutFirst(first, body, text, name) ? ["", ...first] : first;
  const names = heads.map((cell, i) => (header && cell.trim() !== "" ? cell.trim() : `column${i}`));
  refuseDuplicates(names, name, isAuto);
  const cellsOf = (column: number) => body.flatMap((row) => row[column] ?? []);
  const columns = names.map(
    (column, i): FoundColumn => ({
      name: column,
      ...columnKindOf(cellsOf(i), missing),
      ...(body.length === 0 ? { isUnseen: true } : {}),
    }),
  );
  if (header && heads[0]!.trim() === "" && columns.length > 1) {
    const aside = "it has no name, and tells rows apart";
    const isNumber = numbersRows(body.map((row) => row[0] ?? ""));
    columns[0] = { ...columns[0]!, isNameless: true, ...(isNumber ? { aside } : {}) };
  }
  const bodyStart = header ? recordEnd(head) : 0;
  const bodyLine = 1 + head.subarray(0, bodyStart).filter((byte) => byte === 0x0a).length;
  return { delimiter, columns, bodyStart, bodyLine };
}

/** Whether the first row has names: no number but those that count columns, as pandas has them. */
function isHeader(
  [first = [], second]: readonly (readonly string[])[],
  missing: ReadonlySet<string>,
  file: string,
): boolean {
  const numbers = first.map((cell) => (missing.has(cell.trim()) ? undefined : numberIn(cell)));
  if (!numbers.some(Number.isFinite)) return true;
  const isNameless = first[0]!.trim() === "";
  const counts = (number: number | undefined, i: number) =>
    number === undefined || (Number.isNaN(number) ? false : number === i - Number(isNameless));
  if (second !== undefined && first.length > 2 && numbers.every(counts))
    return numberIn(second[0]!) !== 0 || numberIn(second[1]!) !== 1;
  refuseYears(numbers, file);
  return false;
}

/** Years in a row may be names of columns, or values. */
function refuseYears(numbers: readonly (number | undefined)[], file: string): void {
  const years = numbers.filter((number) => number !== undefined);
  const [first = 0] = years;
  const isYears = first >= 1900 && first <= 2100 && years.every((year, i) => year === first + i);
  if (!isYears || years.length < 3 || years.length < numbers.length - 2) return;
  throw new RunError("unclear-header", `${file}: line 1 counts years: are they names, or values?`, {
    hint: "set data.header: true where they name the columns, false where line 1 is a row",
  });
}

/** A name that begins with # is no comment where a row has as many fields. */
function refuseComment(
  text: string,
  [first = [], ...others]: readonly (readonly string[])[],
  file: string,
): void {
  const row = others.find(([cell]) => cell?.startsWith("#") !== true);
  if (!first[0]!.startsWith("#") || first.length === row?.length) return;
  const line = text.trimStart().split("\n")[0]!;
  throw new RunError("comment-line", `${file}: line 1 is a comment: ${inQuotes(line.trim())}`, {
    hint: `remove such lines: grep -v "^#" ${file} > NEW`,
  });
}

/**
 * Whether the names leave out a first column of quoted words that tells rows apart, as R's do.
 * Rows that end in a separator, or have a time that a blank cut in two, have a field more as well.
 */
function leavesOutFirst(
  first: readonly string[],
  body: readonly (readonly string[])[],
  text: string,
  file: string,
): boolean {
  if (body.length < 2 || body.some(({ length }) => length !== first.length + 1)) return false;
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const areQuoted = lines.slice(1, body.length + 1).every((line) => line.startsWith('"'));
  const isCut = (row: readonly string[]) => row.some((cell) => /^\d\d:\d\d(:|$)/.test(cell));
  const isFull = body.some((row) => row.at(-1) !== "") && !body.some(isCut);
  if (areQuoted && isFull && numbersRows(body.map(([cell]) => cell!))) return true;
  const [names, fields] = [first.length, first.length + 1];
  throw new RunError(
    "ragged-row",
    `${file}: line 1 has ${names} names, the rows ${fields} fields`,
    {
      hint:
        "name every column, quote fields that hold the delimiter, as times may, and end no row " +
        "in a delimiter; or set data.delimiter",
    },
  );
}

/**
 * Whether cells are what pandas and R write in front of rows that have no names: another one in
 * each row, or counted, from the start again where tables were joined.
 */
function numbersRows(cells: readonly string[]): boolean {
  if (new Set(cells).size === cells.length) return cells.length > 0;
  const numbers = cells.map((cell) => numberIn(cell) ?? Number.NaN);
  return numbers.every((number, i) => number === numbers[0] || number === numbers[i - 1]! + 1);
}

function refuseDuplicates(names: readonly string[], file: string, isAuto: boolean): void {
  const seen = new Map<string, number>();
  names.forEach((name, i) => {
    const before = seen.get(name);
    if (before !== undefined)
      throw new RunError(
        "duplicate-column",
        `${file}: line 1: columns ${before + 1} and ${i + 1} are both called ${inQuotes(name)}`,
        {
          hint: isAuto
            ? "give each column a name of its own, or set data.header: false where line 1 is a row"
            : "give each column a name of its own",
        },
      );
    seen.set(name, i);
  });
}

/** The delimiter that splits the first rows most evenly into the most fields. */
function likelyDelimiter(text: string, whole: boolean): string {
  let best = ",";
  let bestScore = 0;
  for (const candidate of delimiters) {
    const widths = records(text, candidate, 20, whole).map((row) => row.length);
    const width = widths[0] ?? 0;
    const even = widths.filter((other) => other === width).length / Math.max(1, widths.length);
    const score = width < 2 ? 0 : even * 1_000 + Math.min(width, 999);
    if (score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** Whether one of the usual delimiters splits the first rows into as many fields each. */
export function isDelimited(text: string, whole: boolean): boolean {
  return delimiters.some((candidate) =>
    areEven(records(text, candidate, 20, whole).map((row) => row.length)),
  );
}

/** The first rows as text, leniently, as the scanner is the one that refuses; no blank lines. */
function records(text: string, delimiter: string, rowsMax: number, whole: boolean): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length && rows.length < rowsMax) {
    const [cell, end] = text[at] === '"' ? quoted(text, at) : plain(text, at, delimiter);
    row.push(cell);
    at = end;
    // What follows a closing quotation mark is refused by the scanner.
    while (at < text.length && text[at] !== "\n" && text[at] !== delimiter) at++;
    if (text[at] === delimiter) {
      at++;
      if (at < text.length || !whole) continue;
      row.push("");
    }
    if (at >= text.length && !whole) return rows;
    at++;
    // A line with nothing on it is no row; one empty field in quotes is.
    if (row.length > 1 || row[0] !== "" || text[start] === '"') rows.push(row);
    row = [];
    start = at;
  }
  return rows;
}

function plain(text: string, from: number, delimiter: string): [string, number] {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n") at++;
  const end = at > from && text[at - 1] === "\r" && text[at] !== delimiter ? at - 1 : at;
  return [text.slice(from, end), end];
}

function quoted(text: string, from: number): [string, number] {
  let cell = "";
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return [cell + text.slice(at), text.length];
    cell += text.slice(at, quote);
    if (text[quote + 1] !== '"') return [cell, quote + 1];
    cell += '"';
    at = quote + 2;
  }
}

/** The byte after the first row that is not blank. */
function recordEnd(head: Buffer): number {
  let inQuotes = false;
  let blank = true;
  for (let at = 0; at < head.length; at++) {
    const byte = head[at]!;
    if (byte === 0x22) inQuotes = !inQuotes;
    if (byte === 0x0a && !inQuotes && !blank) return at + 1;
    if (byte !== 0x0a && byte !== 0x0d) blank = false;
  }
  return head.length;
}
