import type { Vector } from "../vector.ts";
import { firstFree, instantiateRows, memoryBytesMax, type RowsInstance } from "./instance.ts";
import { residentEntriesMin } from "./wasm-matrix.ts";

/** Which row of some sums each row of values belongs to. */
export interface RowPlaces {
  /** Rows of the sums; each has some row of the values. */
  readonly count: number;
  /** Twice the row of the sums, and one more for the first row of values that belongs there. */
  readonly places: Uint32Array;
}

/** Of values that are copied in at once: what a cache next to the processor holds. */
const blockBytes = 2 ** 16;
/** A larger memory is given back. */
const keptBytesMax = 2 ** 28;

let kept: RowsInstance | null = null;

/**
 * Adds up the rows of values that belong together, in the order in which they stand and in their
 * own precision: the bits of the plain loops. Values go by block after block, so that memory is
 * read once and in order. Null where plain loops must do: few values, or sums that 32-bit addresses
 * do not reach.
 */
export function sumRowsResident<Values extends Vector>(
  values: Values,
  { count, places }: RowPlaces,
  columns: number,
): Values | null {
  if (values.length < residentEntriesMin || columns === 0) return null;
  const rowBytes = columns * values.BYTES_PER_ELEMENT;
  // An even number of rows begins where eight bytes do.
  const blockRows = Math.max(2, 2 * Math.floor(blockBytes / rowBytes / 2));
  const block = firstFree + Math.ceil((4 * places.length) / 64) * 64;
  const blank = block + Math.ceil((blockRows * rowBytes) / 64) * 64;
  const sums = blank + Math.ceil(rowBytes / 64) * 64;
  const end = sums + count * rowBytes;
  if (end > memoryBytesMax) return null;
  const { memory, kernels } = room(end);
  const isFloat = values instanceof Float32Array;
  const View = isFloat ? Float32Array : Float64Array;
  const addRows = isFloat ? kernels.addFloatRows : kernels.addDoubleRows;
  new Uint32Array(memory, firstFree, places.length).set(places);
  new View(memory, blank, columns).fill(-0);
  const copied = new View(memory, block, blockRows * columns);
  for (let from = 0; from < places.length; from += blockRows) {
    const rows = Math.min(blockRows, places.length - from);
    copied.set(values.subarray(from * columns, (from + rows) * columns));
    addRows(firstFree + 4 * from, rows, block, sums, columns, blank);
  }
  // Not zeroed first, as every number is written.
  const out = new View(Buffer.allocUnsafeSlow(count * rowBytes).buffer);
  out.set(new View(memory, sums, count * columns));
  return out as Values;
}

function room(bytes: number): RowsInstance {
  if (kept !== null && kept.memory.byteLength >= bytes) return kept;
  const grown = Math.min(keptBytesMax, Math.max(bytes, 2 * (kept?.memory.byteLength ?? 0)));
  const made = instantiateRows(Math.max(bytes, grown));
  if (bytes <= keptBytesMax) kept = made;
  return made;
}
