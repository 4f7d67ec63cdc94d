import { type SparseWindow, windowBytesMax, windowRowsMax } from "./table.ts";

const entriesMax = windowBytesMax / 8;

/** Entries of sparse rows, gathered row by row into a window. */
export class RowEntries {
  /** A row came whose indices did not ascend. */
  hasSorted = false;
  private count = 0;
  private rows = 0;
  private isSorted = true;
  private values = new Float32Array(1024);
  private indices = new Uint32Array(1024);
  private readonly offsets = new Uint32Array(windowRowsMax + 1);

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
    this.offsets[++this.rows] = this.count;
  }

  /** Ends the row; returns an index that stands in it twice, null where none does. */
  endRow(): number | null {
    const start = this.offsets[this.rows]!;
    this.offsets[++this.rows] = this.count;
    if (this.isSorted) return null;
    this.isSorted = true;
    this.hasSorted = true;
    const indices = this.indices.slice(start, this.count);
    const values = this.values.slice(start, this.count);
    const order = [...indices.keys()].sort((a, b) => indices[a]! - indices[b]!);
    for (const [to, from] of order.entries()) {
      this.indices[start + to] = indices[from]!;
      this.values[start + to] = values[from]!;
      if (to > 0 && indices[from] === this.indices[start + to - 1]) return indices[from]!;
    }
    return null;
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
