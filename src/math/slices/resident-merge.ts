import { assert } from "../../core/errors.ts";
import {
  firstFree,
  instantiateRows,
  memoryBytesMax,
  type RowsInstance,
} from "../kernels/instance.ts";
import { residentEntriesMin } from "../kernels/wasm-matrix.ts";
import type { Vector } from "../vector.ts";
import { areRowsFew, rankIds } from "./ranks.ts";
import type { Slices } from "./slices.ts";

/** Of values that are copied in at once: what a cache next to the processor holds. */
const blockBytes = 2 ** 18;
/** A larger memory is given back. */
const keptBytesMax = 2 ** 28;

let kept: RowsInstance | null = null;

/** Where things are in the kernel's memory, in bytes; sums are last. */
interface Places {
  readonly block: number;
  readonly blockRows: number;
  readonly blank: number;
  readonly sums: number;
  readonly end: number;
}

/**
 * Slices, one after another, merged by the kernel: rows that belong together are added up in the
 * order in which they stand and in their own precision, to the bits of plain loops. Values go by
 * block after block, so that memory is read once and in order. The values that come back are the
 * kernel's own memory: they are what they are until the next call. Null where plain loops must do:
 * few values, or sums that 32-bit addresses might not reach.
 */
export function mergeResident<Values extends Vector>(
  all: readonly Slices<Values>[],
): Slices<Values> | null {
  const { rows, columns } = all[0]!;
  const count = all.reduce((sum, { ids }) => sum + ids.length, 0);
  if (count * columns < residentEntriesMin) return null;
  const isFloat = all[0]!.values instanceof Float32Array;
  const View = isFloat ? Float32Array : Float64Array;
  const places = placesOf(count, rows, columns * View.BYTES_PER_ELEMENT);
  if (places.end > memoryBytesMax) return null;
  const { memory, kernels } = roomFor(places.end);
  const { block, blockRows, blank, sums } = places;
  const distinct = rankPlaces({ memory, kernels }, all, count);
  const addRows = isFloat ? kernels.addFloatRows : kernels.addDoubleRows;
  new View(memory, blank, columns).fill(-0);
  const copied = new View(memory, block, blockRows * columns);
  let place = firstFree;
  for (const { ids, values } of all)
    for (let from = 0; from < ids.length; from += blockRows) {
      const own = Math.min(blockRows, ids.length - from);
      copied.set(values.subarray(from * columns, (from + own) * columns));
      addRows(place, own, block, sums, columns, blank);
      place += 4 * own;
    }
  const merged = new View(memory, sums, distinct.length * columns);
  return { rows, columns, ids: distinct, values: merged as Vector as Values };
}

/**
 * Puts the rows' places, each twice its rank and one more where it is the first there, where the
 * kernel's free memory begins; gives the ids that there are. It takes `ranksBytes`.
 */
export function rankPlaces(
  { memory, kernels }: RowsInstance,
  all: readonly Pick<Slices, "ids" | "rows">[],
  count: number,
): Uint32Array<ArrayBuffer> {
  const { rows } = all[0]!;
  const places = new Uint32Array(memory, firstFree, count);
  let from = 0;
  for (const { ids } of all) {
    places.set(ids, from);
    from += ids.length;
  }
  if (!areRowsFew(count, rows)) {
    const byOrder = rankIds(places, rows);
    places.set(byOrder.places);
    return byOrder.distinct;
  }
  const marks = firstFree + aligned(4 * count);
  const distinct = marks + marksBytes(count, rows);
  const found = kernels.rankRows(firstFree, count, rows, marks, distinct);
  assert(found >= 0, "rows that the matrix has");
  return new Uint32Array(memory, distinct, found).slice();
}

/** Bytes from where the free memory begins, for so many ids of a matrix of so many rows. */
export function ranksBytes(count: number, rows: number): number {
  return aligned(4 * count) + marksBytes(count, rows) + aligned(4 * Math.min(count, rows));
}

function marksBytes(count: number, rows: number): number {
  return areRowsFew(count, rows) ? aligned(8 * Math.ceil(rows / 32)) : 0;
}

function placesOf(count: number, rows: number, rowBytes: number): Places {
  // An even number of rows begins where eight bytes do.
  const blockRows = Math.max(2, 2 * Math.floor(blockBytes / rowBytes / 2));
  const most = Math.min(count, rows);
  const block = firstFree + ranksBytes(count, rows);
  const blank = block + aligned(blockRows * rowBytes);
  const sums = blank + aligned(rowBytes);
  return { block, blockRows, blank, sums, end: sums + most * rowBytes };
}

export function aligned(bytes: number): number {
  return 64 * Math.ceil(bytes / 64);
}

/** The kernels over a memory of at least so many bytes, which the next caller gets as well. */
export function roomFor(bytes: number): RowsInstance {
  if (kept !== null && kept.memory.byteLength >= bytes) return kept;
  const grown = Math.min(keptBytesMax, Math.max(bytes, 2 * (kept?.memory.byteLength ?? 0)));
  const made = instantiateRows(Math.max(bytes, grown));
  if (bytes <= keptBytesMax) kept = made;
  return made;
}
