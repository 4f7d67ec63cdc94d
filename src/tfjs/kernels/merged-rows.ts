import * as tf from "@tensorflow/tfjs-core";
import { assert } from "../../core/errors.ts";
import { areRowsFew, rankIds } from "../../math/slices/ranks.ts";
import { isMerged, type Slices } from "../../math/slices/slices.ts";
import { currentInPlace, type InPlace } from "./in-place.ts";

/**
 * Merged rows in the WASM backend's memory, until they are freed. A row whose id was there once
 * stands where it stood, others' sums beside each other.
 */
export class RowsInPlace implements Slices<Float32Array<ArrayBuffer>> {
  readonly rows: number;
  readonly columns: number;
  readonly ids: Uint32Array<ArrayBuffer>;
  /** They are told as sums that began at zero: none is a negative zero. */
  readonly isFromZeros = true;
  private readonly memory: InPlace;
  private readonly standing: Standing;

  constructor(shape: Omit<Slices, "values">, memory: InPlace, standing: Standing) {
    this.rows = shape.rows;
    this.columns = shape.columns;
    this.ids = shape.ids;
    this.memory = memory;
    this.standing = standing;
  }

  /** Where it stands, in four bytes a row, where each row begins. */
  get places(): number {
    return this.memory.addressOf(this.standing.places);
  }

  /** A copy of them, one after another. */
  get values(): Float32Array<ArrayBuffer> {
    const { memory, columns, ids } = this;
    const [zeros, packed] = [memory.reserve([columns]), memory.reserve([ids.length, columns])];
    memory.floats(zeros).fill(0);
    const [from, to] = [memory.addressOf(zeros), memory.addressOf(packed)];
    memory.kernels.packFloatRows(this.places, ids.length, columns, from, to);
    const copy = memory.floats(packed).slice() as Float32Array<ArrayBuffer>;
    for (const one of [zeros, packed]) memory.free(one);
    return copy;
  }

  free(): void {
    const { places, sums, from } = this.standing;
    for (const one of [places, sums]) this.memory.free(one);
    from?.dispose();
  }
}

/** Where rows begin, sums of those that share an id, and what holds those that do not. */
interface Standing {
  readonly places: tf.TensorInfo;
  readonly sums: tf.TensorInfo;
  readonly from: tf.Tensor | null;
}

/**
 * The rows of a tensor [ids, columns] that belong to the same row of a table, added up from zero on
 * where they stand: what `mergeSlices` makes of them, to the bit but for negative zeros, without
 * taking them out of the WASM backend's memory, and without moving those whose ids are there once.
 * Null on other backends, and where there is nothing to add up.
 */
export function mergedInPlace(
  { rows, columns, ids }: Omit<Slices, "values">,
  values: tf.Tensor,
): RowsInPlace | null {
  const memory = currentInPlace();
  if (memory === null || columns === 0 || isMerged({ ids })) return null;
  return areRowsFew(ids.length, rows)
    ? coalesced(memory, { rows, columns, ids }, values)
    : sumsByOrder(memory, { rows, columns, ids }, values);
}

function coalesced(
  memory: InPlace,
  { rows, columns, ids }: Omit<Slices, "values">,
  values: tf.Tensor,
): RowsInPlace {
  const { kernels, addressOf, reserve } = memory;
  const count = ids.length;
  const [asked, distinct, places] = [reserve([count]), reserve([count]), reserve([count])];
  const [marks, ends] = [reserve([Math.ceil(rows / 32)]), reserve([2 * rows])];
  const nexts = reserve([count + 8]);
  const sums = reserve([count >>> 1, columns]);
  memory.integers(asked).set(ids);
  const found = kernels.coalesceFloatRows(
    addressOf(asked),
    count,
    rows,
    addressOf(values),
    columns,
    addressOf(marks),
    addressOf(ends),
    addressOf(nexts),
    addressOf(distinct),
    addressOf(places),
    addressOf(sums),
  );
  assert(found >= 0, "rows that the table has");
  const known = memory.integers(distinct).slice(0, found) as Uint32Array<ArrayBuffer>;
  for (const one of [asked, distinct, marks, ends, nexts]) memory.free(one);
  // It is not disposed with the pass that it comes from: rows stand in it.
  const from = tf.keep(tf.clone(values));
  return new RowsInPlace({ rows, columns, ids: known }, memory, { places, sums, from });
}

/** Of a table whose rows are many more than ids: ids are sorted, and every sum is written. */
function sumsByOrder(
  memory: InPlace,
  { rows, columns, ids }: Omit<Slices, "values">,
  values: tf.Tensor,
): RowsInPlace {
  const { kernels, addressOf, reserve } = memory;
  const ranked = rankIds(ids, rows);
  const { length } = ranked.distinct;
  const [ranks, blank, sums] = [
    reserve([ids.length]),
    reserve([columns]),
    reserve([length, columns]),
  ];
  memory.integers(ranks).set(ranked.places);
  memory.floats(blank).fill(0);
  const [from, to] = [addressOf(values), addressOf(sums)];
  kernels.addFloatRows(addressOf(ranks), ids.length, from, to, columns, addressOf(blank));
  for (const one of [ranks, blank]) memory.free(one);
  const places = listOfRows(memory, to, length, columns);
  return new RowsInPlace({ rows, columns, ids: ranked.distinct }, memory, {
    places,
    sums,
    from: null,
  });
}

/** Where rows begin that are one after another from an address on. */
export function listOfRows(
  memory: InPlace,
  address: number,
  count: number,
  columns: number,
): tf.TensorInfo {
  const places = memory.reserve([count]);
  const list = memory.integers(places);
  for (let at = 0; at < count; at++) list[at] = address + 4 * at * columns;
  return places;
}

/** Those of some slices that are in the backend's memory. */
export function freeRows(all: Iterable<Slices>): void {
  for (const one of all) if (one instanceof RowsInPlace) one.free();
}
