import type { ErrorCode } from "../../core/error-codes/error-codes.ts";
import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import { cellOf, powersOf10 } from "./cell.ts";
import type { Column } from "./table.ts";

const quote = 0x22;
const newline = 0x0a;
const carriageReturn = 0x0d;
const backslash = 0x5c;
const fieldBytesMax = 1024 * 1024;
const quoteHint = 'write a quotation mark within a field twice ("")';
const escapeHint = `${quoteHint}, not behind a backslash: of Spark option("escape", "\\"")`;

export interface ScannerSettings {
  readonly name: string;
  readonly delimiter: string;
  readonly columns: readonly Column[];
  readonly missingValues: readonly string[];
  readonly firstLine: number;
}

/**
 * Turns the bytes of CSV rows (RFC 4180) into numbers without making strings of plain decimals:
 * libraries were measured at 15 to 130 MB/s for strings alone, and only the slowest names lines.
 * Every number equals `Number(text)` to the bit.
 */
export class CsvScanner {
  private readonly settings: ScannerSettings;
  private readonly delimiter: number;
  private readonly missingValues: ReadonlySet<string>;
  private readonly reads: readonly boolean[];
  private readonly numeric: readonly boolean[];
  /** Their cells are handed on once a whole row is here; all of those that are read, or none. */
  private readonly observers: readonly Column[];
  private readonly seen: string[] = [];
  /** What is kept from chunk to chunk, so that none needs an allocation of its own. */
  private buffer: Buffer = Buffer.alloc(0);
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  /** Physical line of the row at `at`. */
  private line: number;
  /** Newlines within the row being scanned, by quoted fields. */
  private innerLines = 0;
  /** Where the field just scanned ended: at a delimiter or a newline. */
  private end = 0;

  constructor(settings: ScannerSettings) {
    this.settings = settings;
    this.delimiter = settings.delimiter.charCodeAt(0);
    this.missingValues = new Set(settings.missingValues);
    this.reads = settings.columns.map((column) => column.kind !== "skip");
    this.numeric = settings.columns.map(({ kind, date }) => kind === "number" && date !== true);
    this.observers = settings.columns.filter(({ observe }) => observe !== undefined);
    this.line = settings.firstLine;
  }

  /** Takes whole rows' or any other bytes; what was not scanned yet comes first. */
  push(chunk: Uint8Array): void {
    const rest = this.bytes.subarray(this.at);
    if (rest.length > this.rowBytesMax())
      throw this.error("row-too-long", `a row of more than ${this.rowBytesMax()} bytes`, [
        "a quotation mark that is never closed makes the rest of a file one field",
      ]);
    const length = rest.length + chunk.length;
    const room = length <= this.buffer.length ? this.buffer : Buffer.allocUnsafe(2 * length);
    room.set(rest);
    room.set(chunk, rest.length);
    this.buffer = room;
    this.bytes = room.subarray(0, length);
    this.at = 0;
  }

  /** No bytes will follow: a last row without a newline counts. */
  finish(): void {
    const last = this.bytes[this.bytes.length - 1];
    if (this.at < this.bytes.length && last !== newline) this.push(Buffer.from("\n"));
  }

  /** Throws where bytes are left over, which is a quotation mark without its partner. */
  close(): void {
    if (this.at < this.bytes.length)
      throw this.error("unclosed-quote", "a quoted field is not closed before the file's end", [
        quoteHint,
      ]);
  }

  /** Writes rows of `width` cells from row `from` on; returns the rows now there. */
  fill(cells: Float64Array, width: number, from: number, rowsMax: number): number {
    let row = from;
    while (row < rowsMax && this.skipBlankLines()) {
      if (!this.scanRow(cells, row * width)) break;
      row++;
    }
    return row;
  }

  private skipBlankLines(): boolean {
    const { bytes } = this;
    for (;;) {
      const byte = bytes[this.at];
      if (byte === newline) this.at += 1;
      else if (byte === carriageReturn && bytes[this.at + 1] === newline) this.at += 2;
      else return this.at < bytes.length;
      this.line++;
    }
  }

  /** False where the row's end is not here yet; nothing has moved then. */
  private scanRow(cells: Float64Array, base: number): boolean {
    const { bytes, delimiter, reads, numeric } = this;
    const columns = reads.length;
    let at = this.at;
    let out = base;
    this.seen.length = 0;
    this.innerLines = 0;
    for (let column = 0; column < columns; column++) {
      let value: number | undefined;
      if (numeric[column]) value = this.plainNumber(at);
      if (value === undefined) {
        if (bytes[at] === quote) value = this.quotedCell(at, column);
        else value = this.plainCell(at, column);
        if (value === undefined) return false;
      }
      if (reads[column]) cells[out++] = value;
      at = this.end;
      const last = bytes[at] !== delimiter;
      if (last !== (column === columns - 1)) return this.ragged(column, last);
      at += 1;
    }
    for (let i = 0; i < this.observers.length; i++)
      cells[base + i] = this.observers[i]!.observe!(this.seen[i]!);
    this.at = at;
    this.line += 1 + this.innerLines;
    return true;
  }

  /** The common case: an unquoted decimal of at most 15 digits, ended by a delimiter or newline. */
  private plainNumber(from: number): number | undefined {
    const { bytes, delimiter } = this;
    let at = from;
    let byte = bytes[at]!;
    const negative = byte === 0x2d;
    if (negative) byte = bytes[++at]!;
    const start = at;
    let digits = 0;
    while (byte >= 0x30 && byte <= 0x39) {
      digits = digits * 10 + (byte - 0x30);
      byte = bytes[++at]!;
    }
    let count = at - start;
    let fraction = 0;
    if (byte === 0x2e) {
      const point = at;
      byte = bytes[++at]!;
      while (byte >= 0x30 && byte <= 0x39) {
        digits = digits * 10 + (byte - 0x30);
        byte = bytes[++at]!;
      }
      fraction = at - point - 1;
      count += fraction;
    }
    if (count === 0 || count > 15) return undefined;
    if (byte === carriageReturn && bytes[at + 1] === newline) at++;
    else if (byte !== delimiter && byte !== newline) return undefined;
    this.end = at;
    const value = digits / powersOf10[fraction]!;
    return negative ? -value : value;
  }

  private plainCell(from: number, column: number): number | undefined {
    const { bytes, delimiter } = this;
    let end = from;
    while (end < bytes.length && bytes[end] !== delimiter && bytes[end] !== newline) end++;
    if (end - from > fieldBytesMax) throw this.oversized(column);
    if (end === bytes.length) return undefined;
    this.end = end;
    if (!this.reads[column]) return 0;
    const crlf = bytes[end] === newline && end > from && bytes[end - 1] === carriageReturn;
    return this.cell(bytes.toString("utf8", from, crlf ? end - 1 : end), column);
  }

  private quotedCell(from: number, column: number): number | undefined {
    const { bytes } = this;
    let doubled = false;
    let lines = 0;
    let at = from + 1;
    for (; at < bytes.length; at++) {
      if (bytes[at] === newline) lines++;
      if (bytes[at] !== quote) continue;
      if (bytes[at + 1] !== quote) break;
      doubled = true;
      at++;
    }
    if (at - from > fieldBytesMax) throw this.oversized(column);
    let end = at + 1;
    if (bytes[end] === carriageReturn && bytes[end + 1] === newline) end++;
    // A carriage return may be the first half of a line's end; a full stop here waits for the rest.
    if (end >= bytes.length || (bytes[end] === carriageReturn && end + 1 === bytes.length))
      return undefined;
    if (bytes[end] !== this.delimiter && bytes[end] !== newline)
      throw this.error(
        "bad-quote",
        `${this.columnName(column)}: text after a closing quotation mark`,
        [bytes[at - 1] === backslash ? escapeHint : quoteHint],
      );
    this.end = end;
    this.innerLines += lines;
    if (!this.reads[column]) return 0;
    const text = bytes.toString("utf8", from + 1, at);
    return this.cell(doubled ? text.replaceAll('""', '"') : text, column);
  }

  private cell(text: string, column: number): number {
    if (this.observers.length > 0) return this.seen.push(text);
    const place = () =>
      `${this.settings.name}: line ${this.line}, column ${this.columnName(column)}`;
    return cellOf(this.settings.columns[column]!, text, this.missingValues, place);
  }

  private ragged(column: number, short: boolean): never {
    const expected = this.reads.length;
    const what = short ? `${column + 1} fields` : `more than ${expected} fields`;
    throw this.error("ragged-row", `${what}, expected ${expected} as in the first row`, [
      "quote fields that hold the delimiter, or set data.delimiter",
    ]);
  }

  private oversized(column: number): RunError {
    return this.error(
      "field-too-long",
      `${this.columnName(column)}: a field of more than ${fieldBytesMax} bytes`,
      ["a quotation mark that is never closed makes the rest of a file one field"],
    );
  }

  private columnName(column: number): string {
    return inQuotes(this.settings.columns[column]!.name);
  }

  private rowBytesMax(): number {
    return fieldBytesMax + this.reads.length * 1024;
  }

  private error(code: ErrorCode, what: string, hints: readonly string[]): RunError {
    return new RunError(code, `${this.settings.name}: line ${this.line}: ${what}`, {
      hint: hints.join("; "),
    });
  }
}
