import { type SparseWindow, windowBytesMax, windowRowsMax } from "./table.ts";

const entriesMax = windowBytesMax / 8;

/** Entries of sparse rows, gathered row by row into a window. */
export class RowEntries {
  /** A row came whose indices did not ascend. */
  hasSorted = false;
  /** Values that fell together came to more than float32 holds. */
  hasOverflow = false;
  private count = 0;
  private rows = 0;
  private isSorted = true;
  private values = new Float32Array(1024);
  private indices = new Uint32Array(1024);
  private readonly offsets = new Uint32Array(windowRowsMax + 1);
  private readonly buckets: number | null;

  /** With `buckets` rows get their indices modulo that, and values that fall together are added. */
  constructor(buckets: number | null) {
    this.buckets = buckets;
  }

  isFull(): boolean {
    return this.count >= entriesMax;
  }

  /** An entry of the row that is open. */
  add(index: number, value: number): void {
    if (this.count === this.values.length) this.grow();
    const start = this.offsets[this.rows]!;
    if (this.count > start && index <= this.indices[this.count - 1]!) this.isSorted = false;
    this.indices[this.count] = index;
    this.values[this.count++] = value;
  }

  /** A whole row, whose indices ascend. */
  addRow(indices: Uint32Array, values: Float32Array): void {
    while (this.count + values.length > this.values.length) this.grow();
    this.indices.set(indices, this.count);
    this.values.set(values, this.count);
    this.count += values.length;
    this.closeRow();
  }

  /** Ends the row; returns an index that stands in it twice, null where none does. */
  endRow(): number | null {
    const start = this.offsets[this.rows]!;
    const twice = this.isSorted ? null : this.sortRow(start);
    this.hasSorted ||= !this.isSorted;
    this.isSorted = true;
    if (twice === null) this.closeRow();
    return twice;
  }

  /** Puts the open row in order; returns an index that stands there twice. */
  private sortRow(start: number): number | null {
    const indices = this.indices.slice(start, this.count);
    const values = this.values.slice(start, this.count);
    const order = [...indices.keys()].sort((a, b) => indices[a]! - indices[b]!);
    let twice: number | null = null;
    for (const [to, from] of order.entries()) {
      this.indices[start + to] = indices[from]!;
      this.values[start + to] = values[from]!;
      if (to > 0 && indices[from] === this.indices[start + to - 1]) twice ??= indices[from]!;
    }
    return twice;
  }

  private closeRow(): void {
    if (this.buckets !== null) this.foldRow(this.offsets[this.rows]!, this.buckets);
    this.offsets[++this.rows] = this.count;
  }

  private foldRow(start: number, buckets: number): void {
    for (let at = start; at < this.count; at++) this.indices[at] = this.indices[at]! % buckets;
    this.sortRow(start);
    let to = start;
    for (let at = start; at < this.count; at++) {
      if (to > start && this.indices[at] === this.indices[to - 1]) {
        this.values[to - 1] = this.values[to - 1]! + this.values[at]!;
        this.hasOverflow ||= !Number.isFinite(this.values[to - 1]!);
      } else {
        this.indices[to] = this.indices[at]!;
        this.values[to++] = this.values[at]!;
      }
    }
    this.count = to;
  }

  /** The rows so far; the arrays are used again for the next ones. */
  take(): Pick<SparseWindow, "values" | "indices" | "offsets"> {
    const { values, indices, offsets } = this;
    this.count = 0;
    this.rows = 0;
    return { values, indices, offsets };
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
