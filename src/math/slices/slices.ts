import type { Vector } from "../vector.ts";

/**
 * Some rows of a matrix of `rows` x `columns`; all others are zero. A row may stand here several
 * times, and counts as the sum, unless the slices are merged: ids ascending, each once.
 */
export interface Slices<Values extends Vector = Vector> {
  readonly rows: number;
  readonly columns: number;
  readonly ids: Uint32Array<ArrayBuffer>;
  /** A row after another, as many as there are ids. */
  readonly values: Values;
}

const valueBytes = 4;
const idBytes = 4;

/** Bytes of so many rows as slices: float32 values, and an id of 32 bits each. */
export function sliceBytes(count: number, columns: number): number {
  return count * (columns * valueBytes + idBytes);
}

/** Bytes of the whole matrix as float32. */
export function matrixBytes({ rows, columns }: Pick<Slices, "rows" | "columns">): number {
  return rows * columns * valueBytes;
}

/** So many distinct rows are fewer bytes than the whole matrix. */
export function isShorterAsSlices(count: number, shape: Pick<Slices, "rows" | "columns">): boolean {
  return sliceBytes(count, shape.columns) < matrixBytes(shape);
}

/** Ids ascend, each once. */
export function isMerged({ ids }: Pick<Slices, "ids">): boolean {
  for (let at = 1; at < ids.length; at++) if (ids[at]! <= ids[at - 1]!) return false;
  return true;
}

/** Zeros of the same precision. */
export function emptyLike<Values extends Vector>(values: Values, length: number): Values {
  const made = values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  return made as Values;
}

/** One after the other, in this order; nothing is added up. Shapes must be equal. */
export function joinSlices<Values extends Vector>(all: readonly Slices<Values>[]): Slices<Values> {
  const [first] = all;
  if (all.length === 1) return first!;
  const { rows, columns } = first!;
  const ids = new Uint32Array(all.reduce((sum, one) => sum + one.ids.length, 0));
  const values = emptyLike(first!.values, ids.length * columns);
  let at = 0;
  for (const one of all) {
    ids.set(one.ids, at);
    values.set(one.values, at * columns);
    at += one.ids.length;
  }
  return { rows, columns, ids, values };
}

/** The ids that stand in any of the lists, ascending, each once; every list is merged. */
export function unionOfIds(lists: readonly Uint32Array[]): Uint32Array<ArrayBuffer> {
  let union = new Uint32Array(lists[0] ?? []);
  for (const list of lists.slice(1)) union = mergedIds(union, list);
  return union;
}

function mergedIds(a: Uint32Array, b: Uint32Array): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(a.length + b.length);
  let [i, j, count] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i]!, b[j]!];
    if (x <= y) i++;
    if (y <= x) j++;
    out[count++] = Math.min(x, y);
  }
  for (; i < a.length; i++) out[count++] = a[i]!;
  for (; j < b.length; j++) out[count++] = b[j]!;
  return count === out.length ? out : out.slice(0, count);
}

/** Adds factor x slices to the matrix that begins at `from`. */
export function addSlices(out: Vector, from: number, factor: number, slices: Slices): void {
  const { columns, ids, values } = slices;
  for (let at = 0; at < ids.length; at++) {
    const to = from + ids[at]! * columns;
    const row = at * columns;
    for (let j = 0; j < columns; j++) out[to + j]! += factor * values[row + j]!;
  }
}

/** Adds factor x merged slices to merged sums that have all their rows. */
export function addToRows(sums: Slices, factor: number, slices: Slices): void {
  const { columns, ids, values } = slices;
  let place = 0;
  for (let at = 0; at < ids.length; at++) {
    while (sums.ids[place]! < ids[at]!) place++;
    const to = place * columns;
    const row = at * columns;
    for (let j = 0; j < columns; j++) sums.values[to + j]! += factor * values[row + j]!;
  }
}
