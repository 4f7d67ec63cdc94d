import { addDistancesInBlocks } from "../../math/kernels/double-products.ts";
import type { DenseRows } from "../../math/rows.ts";
import type { SparseWindow } from "../formats/table.ts";

/** Differences of squares below this part of them are rounding. */
const roundingShare = 1e-12;

/**
 * Mean and variance of each column of a table, missing values left out. Sums are of distances from
 * a column's first value: as that value is one of them, its squared distance from the mean is at
 * most n variances, so one pass loses at most about n times the unit roundoff.
 */
export class ColumnStatistics {
  private readonly width: number;
  private readonly counts: Float64Array;
  readonly firsts: Float64Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;

  constructor(width: number) {
    this.width = width;
    this.counts = new Float64Array(width);
    this.firsts = new Float64Array(width).fill(Number.NaN);
    this.sums = new Float64Array(width);
    this.squares = new Float64Array(width);
  }

  /** Adds the row at `cells[base]`. */
  add(cells: Float64Array, base: number): void {
    const { width, counts, firsts, sums, squares } = this;
    for (let j = 0; j < width; j++) {
      const value = cells[base + j]!;
      let distance = value - firsts[j]!;
      if (Number.isNaN(distance)) {
        if (Number.isNaN(value)) continue;
        firsts[j] = value;
        distance = 0;
      }
      counts[j]! += 1;
      sums[j]! += distance;
      squares[j]! += distance * distance;
    }
  }

  /** Adds every row of a dense table. */
  addTable(table: DenseRows): void {
    const { rows, columns, values } = table;
    const row = new Float64Array(columns);
    const add = (at: number) => {
      row.set(values.subarray(at * columns, (at + 1) * columns));
      this.add(row, 0);
    };
    let at = 0;
    // The first values are what distances are measured from.
    if (rows > 0 && this.firsts.some(Number.isNaN)) add(at++);
    const rest = { ...table, rows: rows - at, values: values.subarray(at * columns) };
    if (addDistancesInBlocks(rest, this))
      for (let j = 0; j < columns; j++) this.counts[j]! += rest.rows;
    else for (; at < rows; at++) add(at);
  }

  /** Zero where there are no values. */
  mean(column: number): number {
    const count = this.counts[column]!;
    return count === 0 ? 0 : this.firsts[column]! + this.sums[column]! / count;
  }

  /** Of the values as a population. */
  variance(column: number): number {
    const count = Math.max(1, this.counts[column]!);
    const sum = this.sums[column]!;
    return Math.max(0, (this.squares[column]! - (sum * sum) / count) / count);
  }

  /** The root of the variance; 1 where all values are the same. */
  deviation(column: number): number {
    if (this.squares[column] === 0) return 1;
    const deviation = Math.sqrt(this.variance(column));
    return deviation > 0 ? deviation : 1;
  }
}

/** How often each level of a column occurs. */
export class LevelCounts {
  private counts = new Float64Array(16);

  add(level: number): void {
    if (level >= this.counts.length) {
      const wider = new Float64Array(Math.max(level + 1, this.counts.length * 2));
      wider.set(this.counts);
      this.counts = wider;
    }
    this.counts[level]! += 1;
  }

  of(level: number): number {
    return this.counts[level] ?? 0;
  }
}

/** Mean and deviation of each feature of sparse rows, what is not stored counting as 0. */
export class SparseMoments {
  private sums = new Float64Array(64);
  private squares = new Float64Array(64);
  private rows = 0;

  add({ values, indices, offsets }: Omit<SparseWindow, "kind" | "labels">, row: number): void {
    this.rows++;
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      const column = indices[at]!;
      if (column >= this.sums.length) this.widen(column);
      const value = values[at]!;
      this.sums[column]! += value;
      this.squares[column]! += value * value;
    }
  }

  /** A deviation of 0 where all values are the same, up to rounding. */
  of(column: number): { readonly mean: number; readonly deviation: number } {
    const rows = Math.max(1, this.rows);
    const mean = (this.sums[column] ?? 0) / rows;
    const square = (this.squares[column] ?? 0) / rows;
    const variance = square - mean * mean;
    return { mean, deviation: variance > roundingShare * square ? Math.sqrt(variance) : 0 };
  }

  private widen(column: number): void {
    const length = Math.max(column + 1, this.sums.length * 2);
    const wider = (before: Float64Array) => {
      const result = new Float64Array(length);
      result.set(before);
      return result;
    };
    this.sums = wider(this.sums);
    this.squares = wider(this.squares);
  }
}

/** Means and variances, by column. */
export interface Moments {
  mean(column: number): number;
  variance(column: number): number;
  /** The root of the variance; 1 where all values are the same. */
  deviation(column: number): number;
}

/** Of one column whose values are counted. */
export class CountedMoments implements Moments {
  readonly #values: readonly number[];
  readonly #counts: readonly number[];
  readonly #rows: number;

  constructor(values: readonly number[], counts: readonly number[]) {
    this.#values = values;
    this.#counts = counts;
    this.#rows = Math.max(
      1,
      counts.reduce((sum, count) => sum + count, 0),
    );
  }

  /** Zero where there are no values. */
  mean(): number {
    return this.#average((value) => value);
  }

  variance(): number {
    const mean = this.mean();
    return this.#average((value) => (value - mean) ** 2);
  }

  deviation(): number {
    const variance = this.variance();
    return variance > 0 ? Math.sqrt(variance) : 1;
  }

  #average(of: (value: number) => number): number {
    let sum = 0;
    for (const [i, value] of this.#values.entries()) sum += this.#counts[i]! * of(value);
    return sum / this.#rows;
  }
}
