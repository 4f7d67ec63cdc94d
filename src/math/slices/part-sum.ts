import type { DoublePart, TensorPart } from "./gradient-part.ts";
import { mergeForNow } from "./merge.ts";
import { addSlices, addToRows, isShorterAsSlices, unionOfIds } from "./slices.ts";

/**
 * The weighted sum of one tensor's parts, taken in one after another: it holds the distinct rows,
 * or the whole tensor once that is no more bytes, however many parts there are. The same bits as a
 * dense sum in the same order.
 */
export class PartSum {
  private readonly length: number;
  private sum: DoublePart | null = null;

  constructor(length: number) {
    this.length = length;
  }

  add(weight: number, part: TensorPart): void {
    if (part.kind === "dense") {
      const values = this.dense();
      for (let i = 0; i < values.length; i++) values[i]! += weight * part.values[i]!;
      return;
    }
    const slices = mergeForNow(part.slices);
    if (this.sum?.kind !== "dense" && this.widen(slices.ids, slices.rows, slices.columns)) {
      if (this.sum?.kind === "slices") addToRows(this.sum.slices, weight, slices);
      return;
    }
    addSlices(this.dense(), 0, weight, slices);
  }

  /** What was added up so far; zeros where nothing was. */
  take(): DoublePart {
    return this.sum ?? { kind: "dense", values: this.dense() };
  }

  /** Makes room for rows, unless all rows are no more bytes. */
  private widen(ids: Uint32Array<ArrayBuffer>, rows: number, columns: number): boolean {
    const before = this.sum?.kind === "slices" ? this.sum.slices : null;
    const all = before === null ? ids : unionOfIds([before.ids, ids]);
    if (!isShorterAsSlices(all.length, { rows, columns })) return false;
    if (before !== null && all.length === before.ids.length) return true;
    const values = new Float64Array(all.length * columns);
    const slices = { rows, columns, ids: all, values };
    if (before !== null) addToRows(slices, 1, before);
    this.sum = { kind: "slices", slices };
    return true;
  }

  private dense(): Float64Array<ArrayBuffer> {
    if (this.sum?.kind === "dense") return this.sum.values;
    const values = new Float64Array(this.length);
    if (this.sum?.kind === "slices") addSlices(values, 0, 1, this.sum.slices);
    this.sum = { kind: "dense", values };
    return values;
  }
}
