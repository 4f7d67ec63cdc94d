import type { TensorInfo } from "@tensorflow/tfjs-core";
import { rankIds } from "../../math/slices/ranks.ts";
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
  const { distinct, places } = rankIds(ids, rows);
  const [marks, blank, sums] = [
    reserve([places.length]),
    reserve([columns]),
    reserve([distinct.length, columns]),
  ] as const;
  memory.integers(marks).set(places);
  memory.floats(blank).fill(0);
  const [from, to] = [addressOf(values), addressOf(sums)];
  kernels.addFloatRows(addressOf(marks), places.length, from, to, columns, addressOf(blank));
  for (const one of [marks, blank]) memory.free(one);
  return new RowsInPlace({ rows, columns, ids: distinct }, memory, sums);
}

/** Those of some slices that are in the backend's memory. */
export function freeRows(all: Iterable<Slices>): void {
  for (const one of all) if (one instanceof RowsInPlace) one.free();
}
