import type { ErrorCode } from "../../core/error-codes/error-codes.ts";
import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";
import { cellOf, finiteNumber, numberIn, plainDecimal } from "./cell.ts";
import {
  type Column,
  type Layout,
  type SparseWindow,
  type Table,
  windowBytesMax,
  windowRowsMax,
} from "./table.ts";

const newline = 0x0a;
const colon = 0x3a;
const hash = 0x23;
const lineBytesMax = 16 * 1024 * 1024;
/** Feature names are kept with the model, so their number is bounded. */
const indexMax = 4_194_304;
const entriesMax = windowBytesMax / 8;

/** A LIBSVM file: `label index:value ...`, indices from 1 and ascending, `#` begins a comment. */
export function openLibsvm(source: Source, layout: Layout): Table<SparseWindow> {
  const columns = layout([{ name: "label", kind: "number" }]);
  const label = columns[0]!;
  return { columns, windows: () => windows(decodeText(source), new Parser(source.name, label)) };
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
  private lines = 0;
  private entries = 0;
  private values = new Float32Array(1024);
  private indices = new Uint32Array(1024);
  private readonly offsets = new Uint32Array(windowRowsMax + 1);
  private readonly labels = new Float64Array(windowRowsMax);

  constructor(name: string, label: Column) {
    this.name = name;
    this.label = label;
  }

  full(): boolean {
    return this.rows === windowRowsMax || this.entries >= entriesMax;
  }

  take(): SparseWindow {
    const { rows, values, indices, offsets, labels } = this;
    this.rows = 0;
    this.entries = 0;
    return { kind: "sparse", rows, values, indices, offsets, labels };
  }

  line(bytes: Buffer, from: number, to: number): void {
    this.lines++;
    const comment = bytes.subarray(from, to).indexOf(hash);
    const end = comment < 0 ? to : from + comment;
    let at = afterBlanks(bytes, from, end);
    if (at === end) return;
    let tokenEnd = beforeBlank(bytes, at, end);
    if (this.label.kind !== "skip") this.labels[this.rows] = this.labelAt(bytes, at, tokenEnd);
    let previous = 0;
    for (;;) {
      at = afterBlanks(bytes, tokenEnd, end);
      if (at === end) break;
      tokenEnd = beforeBlank(bytes, at, end);
      previous = this.pair(bytes, at, tokenEnd, previous);
    }
    this.rows++;
    this.offsets[this.rows] = this.entries;
  }

  error(what: string, code: ErrorCode = "bad-libsvm"): RunError {
    return new RunError(code, `${this.name}: line ${this.lines}: ${what}`, {
      hint: "each line is: label index:value index:value ..., indices from 1 and ascending",
    });
  }

  private labelAt(bytes: Buffer, from: number, to: number): number {
    const label = bytes.toString("utf8", from, to);
    if (numberIn(label) === undefined)
      throw this.error(`label ${inQuotes(label)}, expected a number`, "bad-label");
    return cellOf(this.label, label, new Set(), () => `${this.name}: line ${this.lines}, label`);
  }

  /** Adds one entry; returns its index as written. */
  private pair(bytes: Buffer, from: number, to: number, previous: number): number {
    let middle = from;
    while (middle < to && bytes[middle] !== colon) middle++;
    const index = middle === to ? undefined : plainDecimal(bytes, from, middle);
    if (index === undefined || !Number.isInteger(index))
      throw this.error(`${inQuotes(bytes.toString("utf8", from, to))}, expected index:value`);
    if (index < 1 || index > indexMax)
      throw this.error(`index ${index}, expected 1 to ${indexMax}`, "bad-index");
    if (index <= previous)
      throw this.error(`index ${index} after ${previous}, expected ascending ones`, "bad-index");
    const value = plainDecimal(bytes, middle + 1, to) ?? this.valueAt(bytes, middle + 1, to);
    if (this.entries === this.values.length) this.grow();
    this.indices[this.entries] = index - 1;
    this.values[this.entries++] = value;
    return index;
  }

  private valueAt(bytes: Buffer, from: number, to: number): number {
    const written = bytes.toString("utf8", from, to);
    const value = numberIn(written);
    if (value === undefined) throw this.error(`value ${inQuotes(written)}, expected a number`);
    return finiteNumber(this.label, value, written, () => `${this.name}: line ${this.lines}`);
  }

  private grow(): void {
    const values = new Float32Array(this.values.length * 2);
    const indices = new Uint32Array(this.values.length * 2);
    values.set(this.values);
    indices.set(this.indices);
    this.values = values;
    this.indices = indices;
  }
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
