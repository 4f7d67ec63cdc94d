import type { Vector } from "../vector.ts";
import { mergeSlices } from "./merge.ts";
import { isMerged, type Slices } from "./slices.ts";

type Doubles = Float64Array<ArrayBuffer>;

/**
 * Sums of rows in doubles: as many rows as were added to, whatever the matrix has. Rows that are
 * added one after another give the bits that a matrix of doubles would hold. Of one batch alone,
 * the sums are its own numbers.
 */
export class RowSums {
  readonly rows: number;
  readonly columns: number;
  /** Merged slices that were all that was added: mostly there is one batch. */
  private only: Slices | null = null;
  private readonly places = new Map<number, number>();
  private values: Doubles;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.values = new Float64Array(0);
  }

  /** Rows that were added to. */
  get count(): number {
    return this.only?.ids.length ?? this.places.size;
  }

  /** `isFromZeros`: sums that began at zero, so that none is a negative zero. */
  add(slices: Slices, isFromZeros = false): void {
    if (this.count === 0 && isMerged(slices)) {
      this.only = isFromZeros ? slices : { ...slices, values: addedToZeros(slices.values) };
      return;
    }
    const before = this.only;
    this.only = null;
    if (before !== null) this.addRows(before);
    this.addRows(slices);
  }

  /** The sums so far, merged. */
  slices(): Slices {
    const { rows, columns, places, only } = this;
    if (only !== null) return only;
    const ids = Uint32Array.from(places.keys());
    return mergeSlices({ rows, columns, ids, values: this.values.slice(0, ids.length * columns) });
  }

  private addRows({ ids, values }: Slices): void {
    const { columns, places } = this;
    this.room(places.size + ids.length);
    for (let at = 0; at < ids.length; at++) {
      const to = columns * this.placeOf(ids[at]!);
      const from = at * columns;
      for (let j = 0; j < columns; j++) this.values[to + j]! += values[from + j]!;
    }
  }

  private placeOf(id: number): number {
    const found = this.places.get(id);
    if (found !== undefined) return found;
    const place = this.places.size;
    this.places.set(id, place);
    return place;
  }

  private room(count: number): void {
    const most = Math.min(this.rows, count) * this.columns;
    if (most <= this.values.length) return;
    const full = this.rows * this.columns;
    const larger = new Float64Array(Math.min(full, Math.max(most, 2 * this.values.length)));
    larger.set(this.values);
    this.values = larger;
  }
}

/** A negative zero is none any more, as in a matrix that begins with zeros. */
function addedToZeros(values: Vector): Doubles {
  const sums = new Float64Array(values.length);
  for (let i = 0; i < sums.length; i++) sums[i] = values[i]! + 0;
  return sums;
}
