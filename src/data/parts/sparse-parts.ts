import { bounds } from "../../limits.ts";
import type { Store } from "../../ports/store.ts";
import { toSafetensors } from "../../wire/safetensors.ts";
import type { StoredPart } from "../manifests.ts";
import { PartQueue } from "./dense-parts.ts";

/** Where rows may be copied from. */
export interface SparseEntries {
  readonly values: Float32Array;
  readonly indices: Uint32Array;
  readonly offsets: Uint32Array;
}

/** Sparse rows with targets that grow one by one; the arrays are kept when it is cleared. */
export class SparseBuffer implements SparseEntries {
  rows = 0;
  entries = 0;
  values = new Float32Array(1024);
  indices = new Uint32Array(1024);
  offsets = new Uint32Array(256);
  targets = new Float32Array(256);
  /** What rows count; null as long as each counts 1. */
  weights: Float32Array | null = null;

  /** Copies a row, without its entries in column `width` and beyond. */
  add(from: SparseEntries, row: number, target: number, width = 2 ** 32): void {
    const start = from.offsets[row]!;
    let end = from.offsets[row + 1]!;
    while (end > start && from.indices[end - 1]! >= width) end--;
    this.reserve(end - start);
    let at = this.entries;
    for (let entry = start; entry < end; entry++) {
      this.indices[at] = from.indices[entry]!;
      this.values[at++] = from.values[entry]!;
    }
    this.entries = at;
    this.targets[this.rows++] = target;
    this.offsets[this.rows] = at;
  }

  /** A row without entries, for `extend`. */
  begin(target: number): void {
    this.reserve(0);
    this.targets[this.rows++] = target;
    this.offsets[this.rows] = this.entries;
  }

  /** One more entry of the last row; its column is beyond the row's others. */
  extend(column: number, value: number): void {
    this.reserve(1);
    this.indices[this.entries] = column;
    this.values[this.entries++] = value;
    this.offsets[this.rows] = this.entries;
  }

  /** What the last row counts: told of every row or of none. */
  weigh(weight: number): void {
    this.weights ??= new Float32Array(this.targets.length);
    this.weights[this.rows - 1] = weight;
  }

  /** A row's entries and its target. */
  numbersOf(row: number): (Float32Array | Uint32Array)[] {
    const [start, end] = [this.offsets[row]!, this.offsets[row + 1]!];
    return [
      this.indices.subarray(start, end),
      this.values.subarray(start, end),
      this.targets.subarray(row, row + 1),
    ];
  }

  clear(): void {
    this.rows = 0;
    this.entries = 0;
  }

  bytes(): number {
    return this.entries * 8 + this.rows * 8;
  }

  private reserve(entries: number): void {
    while (this.entries + entries > this.values.length) {
      this.values = doubled(this.values);
      this.indices = doubled(this.indices);
    }
    if (this.rows + 2 > this.targets.length) {
      this.targets = doubled(this.targets);
      if (this.weights !== null) this.weights = doubled(this.weights);
      this.offsets = doubled(this.offsets);
    }
  }
}

/** Collects sparse rows and writes them as content-addressed parts. */
export class SparsePartWriter {
  readonly buffer = new SparseBuffer();
  rows = 0;
  private readonly columns: number;
  private readonly bytesMax: number;
  private readonly queue: PartQueue;

  constructor(store: Store, columns: number, bytesMax: number = bounds.shardPartBytes) {
    this.queue = new PartQueue(store);
    this.columns = columns;
    this.bytesMax = bytesMax;
  }

  full(): boolean {
    return this.buffer.bytes() >= this.bytesMax;
  }

  async flush(): Promise<void> {
    const { rows, entries, values, indices, offsets, targets, weights } = this.buffer;
    if (rows === 0) return;
    const bytes = toSafetensors(
      {
        values: { shape: [entries], data: values.subarray(0, entries) },
        indices: { shape: [entries], data: indices.subarray(0, entries) },
        offsets: { shape: [rows + 1], data: offsets.subarray(0, rows + 1) },
        targets: { shape: [rows], data: targets.subarray(0, rows) },
        ...(weights && { weights: { shape: [rows], data: weights.subarray(0, rows) } }),
      },
      { columns: String(this.columns) },
    );
    this.buffer.clear();
    this.rows += rows;
    await this.queue.add(bytes, rows);
  }

  /** Writes what is left; the writer is finished. */
  async close(): Promise<readonly StoredPart[]> {
    await this.flush();
    return this.queue.close();
  }
}

function doubled<A extends Float32Array | Uint32Array>(array: A): A {
  const wider = new (array.constructor as new (length: number) => A)(array.length * 2);
  wider.set(array);
  return wider;
}
