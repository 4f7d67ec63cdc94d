import type { ErrorCode } from "../../core/error-codes/error-codes.ts";
import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import { cellOf, isSingle, numberIn, plainDecimal } from "./cell.ts";
import { RowEntries } from "./row-entries.ts";
import { type Column, type SparseWindow, windowRowsMax } from "./table.ts";
import type { FoundRows } from "./text-blocks.ts";

const colon = 0x3a;
const hash = 0x23;
/** Feature names are kept with the model, so their number is bounded. */
export const featuresMax = 4_194_304;
/** Where indices are taken modulo a smaller number: they are 32-bit numbers on the way. */
export const foldedMax = 2 ** 31 - 1;

/** How indices of sparse rows are read, and where notes of them go. */
export interface IndexReading {
  readonly firstIndex: number;
  /** Indices from 0 are below this. */
  readonly indexEnd: number;
  /** Rows get the indices that these leave, modulo it; null: as they are. */
  readonly buckets: number | null;
  readonly notes: Set<string>;
}

/** Collects lines into a window. */
export class SparseParser {
  rows = 0;
  private readonly name: string;
  private readonly label: Column;
  private readonly firstIndex: number;
  private readonly indexEnd: number;
  private readonly notes: Set<string>;
  private lines = 0;
  private readonly entries: RowEntries;
  private readonly labels = new Float64Array(windowRowsMax);

  constructor(name: string, label: Column, indices: IndexReading) {
    this.name = name;
    this.label = label;
    this.firstIndex = indices.firstIndex;
    this.indexEnd = indices.indexEnd;
    this.notes = indices.notes;
    this.entries = new RowEntries(indices.buckets);
  }

  full(): boolean {
    return this.rows === windowRowsMax || this.entries.isFull();
  }

  take(): SparseWindow {
    const { rows, labels } = this;
    if (this.entries.hasOverflow)
      throw new RunError(
        "not-finite",
        `${this.name}: values of a row that share a bucket overflow`,
        {
          hint: "divide the file's values by a large number, or set more data.indexBuckets",
        },
      );
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

  /**
   * Adds rows that were found elsewhere, from row `first` on, as many as fit; `labels` says what
   * the numbers of their labels are here. Returns the first row that is left over.
   */
  add({ rows, cells, sparse }: FoundRows, first: number, labels: Float64Array | null): number {
    const { values, indices, ends } = sparse!;
    let row = first;
    for (; row < rows && !this.full(); row++) {
      this.labels[this.rows++] = labels === null ? cells[row]! : labels[cells[row]!]!;
      const start = row === 0 ? 0 : ends[row - 1]!;
      this.entries.addRow(indices.subarray(start, ends[row]!), values.subarray(start, ends[row]!));
    }
    return row;
  }

  /** Lines that were read elsewhere, and what is to be said of them. */
  passLines({ lines, notes = [] }: FoundRows): void {
    this.lines += lines;
    for (const note of notes) this.notes.add(note);
  }

  error(what: string, code: ErrorCode = "bad-libsvm", hint?: string): RunError {
    const form = `each line is: label index:value index:value ..., indices from ${this.firstIndex}`;
    return new RunError(code, `${this.name}: line ${this.lines}: ${what}`, { hint: hint ?? form });
  }

  /** What a label is taken for. */
  labelAt(bytes: Buffer, from: number, to: number): number {
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
    if (place < 0 || place >= this.indexEnd) throw this.badIndex(index);
    const value = plainDecimal(bytes, middle + 1, to) ?? this.valueAt(bytes, middle + 1, to, index);
    this.entries.add(place, value);
  }

  private badIndex(index: number): RunError {
    const { firstIndex, indexEnd } = this;
    const last = indexEnd - 1 + firstIndex;
    const hint =
      index < firstIndex
        ? "where indices count from 0, set data.zeroBased: true; a model keeps how its rows counted"
        : index - firstIndex < foldedMax
          ? "features of so many are taken by the hashing trick: set data.indexBuckets: 1048576"
          : "number the features anew as you write the file: 31 bits hold no larger index";
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

export function isBlank(byte: number): boolean {
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
