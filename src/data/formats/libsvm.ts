import type { ErrorCode } from "../../core/error-codes/error-codes.ts";
import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";
import { cellOf, isSingle, numberIn, plainDecimal } from "./cell.ts";
import { RowEntries } from "./row-entries.ts";
import { type Column, type Layout, type SparseWindow, type Table, windowRowsMax } from "./table.ts";

const newline = 0x0a;
const colon = 0x3a;
const hash = 0x23;
const lineBytesMax = 16 * 1024 * 1024;
/** Feature names are kept with the model, so their number is bounded. */
const featuresMax = 4_194_304;

/**
 * A LIBSVM file: `label index:value ...`, `#` begins a comment, `qid:3` is passed over. Indices
 * count from 1, or from 0 where `zeroBased` says so; rows whose indices do not ascend are sorted.
 */
export function openLibsvm(
  source: Source,
  zeroBased: boolean,
  layout: Layout,
): Table<SparseWindow> {
  const columns = layout([{ name: "label", kind: "number" }]);
  const notes = new Set<string>();
  const open = () => new Parser(source.name, columns[0]!, zeroBased ? 0 : 1, notes);
  return { columns, windows: () => windows(decodeText(source), open()), notes: () => [...notes] };
}

/**
 * Whether an index of 0 stands anywhere in a file, which then counts from 0. A file that counts
 * from 0 and never uses its first feature looks as if it counted from 1: nobody can tell.
 */
export async function hasIndexZero(source: Source): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of decodeText(source)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let at = bytes.indexOf("0:"); at > 0; at = bytes.indexOf("0:", at + 1)) {
      if (!isBlank(bytes[at - 1]!)) continue;
      const lineAt = bytes.lastIndexOf(newline, at) + 1;
      if (!bytes.subarray(lineAt, at).includes(hash)) return true;
    }
    rest = Buffer.from(bytes.subarray(Math.max(0, bytes.lastIndexOf(newline) + 1)));
    if (rest.length > lineBytesMax) rest = rest.subarray(-2);
  }
  return false;
}

async function* windows(
  chunks: AsyncIterable<Buffer>,
  parser: Parser,
): AsyncGenerator<SparseWindow> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, at)) {
      parser.line(bytes, at, end);
      at = end + 1;
      if (parser.full()) yield parser.take();
    }
    rest = bytes.subarray(at);
    if (rest.length > lineBytesMax) throw parser.error(`a line of over ${lineBytesMax} bytes`);
  }
  parser.line(rest, 0, rest.length);
  if (parser.rows > 0) yield parser.take();
}

/** Collects lines into a window. */
class Parser {
  rows = 0;
  private readonly name: string;
  private readonly label: Column;
  private readonly firstIndex: number;
  private readonly notes: Set<string>;
  private lines = 0;
  private readonly entries = new RowEntries();
  private readonly labels = new Float64Array(windowRowsMax);

  constructor(name: string, label: Column, firstIndex: number, notes: Set<string>) {
    this.name = name;
    this.label = label;
    this.firstIndex = firstIndex;
    this.notes = notes;
  }

  full(): boolean {
    return this.rows === windowRowsMax || this.entries.isFull();
  }

  take(): SparseWindow {
    const { rows, labels } = this;
    this.rows = 0;
    return { kind: "sparse", rows, ...this.entries.take(), labels };
  }

  line(bytes: Buffer, from: number, to: number): void {
    this.lines++;
    const comment = bytes.subarray(from, to).indexOf(hash);
    const end = comment < 0 ? to : from + comment;
    let at = afterBlanks(bytes, from, end);
    if (at === end) return;
    let tokenEnd = beforeBlank(bytes, at, end);
    if (this.label.kind !== "skip") this.labels[this.rows] = this.labelAt(bytes, at, tokenEnd);
    for (let isFirst = true; ; isFirst = false) {
      at = afterBlanks(bytes, tokenEnd, end);
      if (at === end) break;
      tokenEnd = beforeBlank(bytes, at, end);
      if (isFirst && isQuery(bytes, at)) this.notes.add("qid, the query of a row, is passed over");
      else this.pair(bytes, at, tokenEnd);
    }
    const twice = this.entries.endRow();
    if (twice !== null)
      throw this.error(`index ${twice + this.firstIndex} stands there twice`, "bad-index");
    if (this.entries.hasSorted) this.notes.add("rows whose indices do not ascend are sorted");
    this.rows++;
  }

  error(what: string, code: ErrorCode = "bad-libsvm", hint?: string): RunError {
    const form = `each line is: label index:value index:value ..., indices from ${this.firstIndex}`;
    return new RunError(code, `${this.name}: line ${this.lines}: ${what}`, { hint: hint ?? form });
  }

  private labelAt(bytes: Buffer, from: number, to: number): number {
    const label = bytes.toString("utf8", from, to);
    if (numberIn(label) !== undefined)
      return cellOf(this.label, label, new Set(), () => `${this.name}: line ${this.lines}, label`);
    const what = /^[^:]+:/.test(label)
      ? ["has a weight, or is an entry without a label", "write a number, and weigh no rows"]
      : label.includes(",")
        ? ["names several classes", "give each row one class, or each class a file"]
        : ["expected a number", "give classes numbers, such as -1 and 1, or 0, 1, 2"];
    throw this.error(`label ${inQuotes(label)}: ${what[0]!}`, "bad-label", what[1]);
  }

  private pair(bytes: Buffer, from: number, to: number): void {
    let middle = from;
    while (middle < to && bytes[middle] !== colon) middle++;
    const index = middle === to ? undefined : plainDecimal(bytes, from, middle);
    if (index === undefined || !Number.isInteger(index))
      throw this.error(`${inQuotes(bytes.toString("utf8", from, to))}, expected index:value`);
    const place = index - this.firstIndex;
    if (place < 0 || place >= featuresMax) throw this.badIndex(index);
    const value = plainDecimal(bytes, middle + 1, to) ?? this.valueAt(bytes, middle + 1, to, index);
    this.entries.add(place, value);
  }

  private badIndex(index: number): RunError {
    const { firstIndex } = this;
    const last = featuresMax - 1 + firstIndex;
    const hint =
      index < firstIndex
        ? "where indices count from 0, set data.zeroBased: true; a model keeps how its rows counted"
        : "take indices modulo a smaller number as you write the file (the hashing trick)";
    return this.error(`index ${index}, expected ${firstIndex} to ${last}`, "bad-index", hint);
  }

  private valueAt(bytes: Buffer, from: number, to: number, index: number): number {
    const written = bytes.toString("utf8", from, to);
    const value = numberIn(written);
    if (value === undefined) throw this.error(`value ${inQuotes(written)}, expected a number`);
    if (isSingle(value)) return value;
    throw this.error(
      `value ${inQuotes(written)} of index ${index} is not a finite number (float32)`,
      "not-finite",
      "what is absent counts as 0 in LIBSVM: leave the entry out where that is meant",
    );
  }
}

function isQuery(bytes: Buffer, at: number): boolean {
  return bytes.toString("latin1", at, at + 4) === "qid:";
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}

function afterBlanks(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(bytes[at]!)) at++;
  return at;
}

function beforeBlank(bytes: Buffer, from: number, to: number): number {
  let at = from;
  while (at < to && !isBlank(bytes[at]!)) at++;
  return at;
}
