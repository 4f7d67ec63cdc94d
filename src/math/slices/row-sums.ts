import { mergeSlices, type Slices } from "./slices.ts";

/**
 * Sums of rows in doubles: as many rows as were added to, whatever the matrix has. Rows that are
 * added one after another give the bits that a matrix of doubles would hold.
 */
export class RowSums {
  readonly rows: number;
  readonly columns: number;
  private readonly places = new Map<number, number>();
  private values: Float64Array<ArrayBuffer>;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.values = new Float64Array(0);
  }

  /** Rows that were added to. */
  get count(): number {
    return this.places.size;
  }

  add({ ids, values }: Slices): void {
    const { columns, places } = this;
    this.room(places.size + ids.length);
    for (let at = 0; at < ids.length; at++) {
      const to = columns * this.placeOf(ids[at]!);
      const from = at * columns;
      for (let j = 0; j < columns; j++) this.values[to + j]! += values[from + j]!;
    }
  }

  /** The sums so far, merged. */
  slices(): Slices<Float64Array<ArrayBuffer>> {
    const { rows, columns, places } = this;
    const ids = Uint32Array.from(places.keys());
    return mergeSlices({ rows, columns, ids, values: this.values.slice(0, ids.length * columns) });
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
