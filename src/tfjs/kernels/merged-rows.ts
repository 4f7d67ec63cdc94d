import type { TensorInfo } from "@tensorflow/tfjs-core";
import { assert } from "../../core/errors.ts";
import { areRowsFew, rankIds } from "../../math/slices/ranks.ts";
import { isMerged, type Slices } from "../../math/slices/slices.ts";
import { currentInPlace, type InPlace } from "./in-place.ts";

/** Merged rows in the WASM backend's memory, until they are freed. */
export class RowsInPlace implements Slices<Float32Array<ArrayBuffer>> {
  readonly rows: number;
  readonly columns: number;
  readonly ids: Uint32Array<ArrayBuffer>;
  /** They are sums that began at zero: none is a negative zero. */
  readonly isFromZeros = true;
  private readonly memory: InPlace;
  private readonly sums: TensorInfo;

  constructor(shape: Omit<Slices, "values">, memory: InPlace, sums: TensorInfo) {
    this.rows = shape.rows;
    this.columns = shape.columns;
    this.ids = shape.ids;
    this.memory = memory;
    this.sums = sums;
  }

  get address(): number {
    return this.memory.addressOf(this.sums);
  }

  /** A copy of them. */
  get values(): Float32Array<ArrayBuffer> {
    return this.memory.floats(this.sums).slice() as Float32Array<ArrayBuffer>;
  }

  free(): void {
    this.memory.free(this.sums);
  }
}

/**
 * The rows of a tensor [ids, columns] that belong to the same row of a table, added up from zero on
 * where they stand: what `mergeSlices` makes of them, to the bit but for negative zeros, without
 * taking all of them out of the WASM backend's memory. Null on other backends, and where there is
 * nothing to add up.
 */
export function mergedInPlace(
  { rows, columns, ids }: Omit<Slices, "values">,
  values: TensorInfo,
): RowsInPlace | null {
  const memory = currentInPlace();
  if (memory === null || columns === 0 || isMerged({ ids })) return null;
  const { kernels, addressOf, reserve } = memory;
  const { distinct, places } = rankedInPlace(memory, ids, rows);
  const [blank, sums] = [reserve([columns]), reserve([distinct.length, columns])];
  memory.floats(blank).fill(0);
  const [from, to] = [addressOf(values), addressOf(sums)];
  kernels.addFloatRows(addressOf(places), ids.length, from, to, columns, addressOf(blank));
  for (const one of [places, blank]) memory.free(one);
  return new RowsInPlace({ rows, columns, ids: distinct }, memory, sums);
}

/** As `rankIds`, its places in the backend's memory, to be freed. */
function rankedInPlace(memory: InPlace, ids: Uint32Array, rows: number) {
  const { kernels, addressOf, reserve } = memory;
  const places = reserve([ids.length]);
  if (!areRowsFew(ids.length, rows)) {
    const ranked = rankIds(ids, rows);
    memory.integers(places).set(ranked.places);
    return { distinct: ranked.distinct, places };
  }
  const [marks, found] = [reserve([2 * Math.ceil(rows / 32)]), reserve([ids.length])];
  memory.integers(places).set(ids);
  const [at, by, to] = [places, marks, found].map(addressOf) as [number, number, number];
  const count = kernels.rankRows(at, ids.length, rows, by, to);
  assert(count >= 0, "rows that the table has");
  const distinct = memory.integers(found).slice(0, count) as Uint32Array<ArrayBuffer>;
  for (const one of [marks, found]) memory.free(one);
  return { distinct, places };
}

/** Those of some slices that are in the backend's memory. */
export function freeRows(all: Iterable<Slices>): void {
  for (const one of all) if (one instanceof RowsInPlace) one.free();
}
