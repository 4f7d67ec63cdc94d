import type { DenseRows } from "../rows.ts";
import { instantiateRows, type RowsInstance } from "./instance.ts";

/** Rows of more columns go by the plain loops, as do too few entries to hand over. */
const columnsMax = 4_096;
const entriesMin = 4_096;
const rowsMin = 8;
/** Of rows handed over at once. */
const blockEntries = 32_768;
const rowsMax = 2_048;

const byColumn = 1_024;
const sums = byColumn + 8 * columnsMax;
const squares = sums + 8 * columnsMax;
const byRow = squares + 8 * columnsMax;
const values = byRow + 8 * rowsMax;
const end = values + 4 * blockEntries;

function isWorth({ rows, columns }: Pick<DenseRows, "rows" | "columns">): boolean {
  const isWide = columns === 0 || columns > columnsMax;
  return !isWide && rows >= rowsMin && rows * columns >= entriesMin;
}

/** `out` = X w to the plain loop's bits; null where that is to do it. */
export function multiplyInBlocks(
  x: DenseRows,
  w: Float32Array | Float64Array,
  out: Float64Array,
): Float64Array | null {
  if (!isWorth(x)) return null;
  const { memory, kernels } = scratch();
  new Float64Array(memory, byColumn, x.columns).set(w);
  eachBlock(x, memory, (from, count) => {
    kernels.rowProducts(values, count, x.columns, byColumn, byRow);
    out.set(new Float64Array(memory, byRow, count), from);
  });
  return out;
}

/** `out` += X' r to the plain loop's bits; null where that is to do it. */
export function addTransposedInBlocks(
  x: DenseRows,
  r: Float64Array,
  out: Float64Array,
): Float64Array | null {
  if (!isWorth(x)) return null;
  const { memory, kernels } = scratch();
  const total = new Float64Array(memory, byColumn, x.columns);
  total.set(out);
  eachBlock(x, memory, (from, count) => {
    new Float64Array(memory, byRow, count).set(r.subarray(from, from + count));
    kernels.addRowProducts(values, count, x.columns, byRow, byColumn);
  });
  out.set(total);
  return out;
}

/** Of each column: a value that distances are measured from, their sum, and that of squares. */
export interface Distances {
  readonly firsts: Float64Array;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/**
 * Adds the rows of a table to sums of distances, to the plain loop's bits. False, and nothing is
 * added, where that is to do it: there are few, or one has no value.
 */
export function addDistancesInBlocks(x: DenseRows, of: Distances): boolean {
  if (!isWorth(x)) return false;
  const { memory, kernels } = scratch();
  const { columns } = x;
  const room = (at: number) => new Float64Array(memory, at, columns);
  room(byColumn).set(of.firsts);
  room(sums).set(of.sums);
  room(squares).set(of.squares);
  eachBlock(x, memory, (_, count) => {
    kernels.addDistances(values, count, columns, byColumn, sums, squares);
  });
  if (room(sums).some(Number.isNaN)) return false;
  of.sums.set(room(sums));
  of.squares.set(room(squares));
  return true;
}

function eachBlock(
  { rows, columns, values: stored }: DenseRows,
  memory: ArrayBuffer,
  work: (from: number, count: number) => void,
): void {
  const atOnce = Math.min(rowsMax, Math.floor(blockEntries / columns));
  const room = new Float32Array(memory, values, blockEntries);
  for (let from = 0; from < rows; from += atOnce) {
    const to = Math.min(rows, from + atOnce);
    room.set(stored.subarray(from * columns, to * columns));
    work(from, to - from);
  }
}

let kept: RowsInstance | undefined;

function scratch(): RowsInstance {
  kept ??= instantiateRows(end);
  return kept;
}
