import type { DoublePart, TensorPart } from "./gradient-part.ts";
import { mergeForNow, mergeSlices, weighAll } from "./merge.ts";
import { addSlices, type Slices } from "./slices.ts";

/** As many bytes of slices wait, of those of the sum: little beside it, so that memory is flat. */
const waitingShare = 1 / 8;

/**
 * The weighted sum of one tensor's parts, taken in one after another: it holds the distinct rows,
 * or the whole tensor once that is no more bytes, however many parts there are. The same bits as a
 * dense sum in the same order. Some slices wait and are then added up together, so that the sum is
 * not moved for each of them: what is added must stay as it is until the sum is taken.
 */
export class PartSum {
  private readonly length: number;
  private sum: DoublePart | null = null;
  private waiting: { readonly weight: number; readonly slices: Slices }[] = [];
  private waitingBytes = 0;

  constructor(length: number) {
    this.length = length;
  }

  add(weight: number, part: TensorPart): void {
    if (part.kind === "dense") {
      const values = this.dense();
      for (let i = 0; i < values.length; i++) values[i]! += weight * part.values[i]!;
    } else if (this.sum?.kind === "dense")
      addSlices(this.sum.values, 0, weight, mergeForNow(part.slices));
    else this.wait(weight, mergeSlices(part.slices));
  }

  /** What was added up so far; zeros where nothing was. */
  take(): DoublePart {
    this.addWaiting();
    return this.sum ?? { kind: "dense", values: this.dense() };
  }

  private wait(weight: number, slices: Slices): void {
    this.waiting.push({ weight, slices });
    this.waitingBytes += slices.values.byteLength;
    const sumBytes = this.sum?.kind === "slices" ? this.sum.slices.values.byteLength : 0;
    if (this.waitingBytes >= waitingShare * sumBytes) this.addWaiting();
  }

  private addWaiting(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    const held = this.sum?.kind === "slices" ? this.sum.slices : null;
    const all = waiting.map(({ slices }) => slices);
    const weights = waiting.map(({ weight }) => weight);
    const slices = weighAll(all, weights, held);
    this.waiting = [];
    this.waitingBytes = 0;
    if (slices === null) {
      const values = this.dense();
      for (const [i, one] of all.entries()) addSlices(values, 0, weights[i]!, one);
      return;
    }
    this.sum = { kind: "slices", slices };
  }

  /** The sum as the whole tensor, from now on. */
  private dense(): Float64Array<ArrayBuffer> {
    this.addWaiting();
    if (this.sum?.kind === "dense") return this.sum.values;
    const values = new Float64Array(this.length);
    if (this.sum?.kind === "slices") addSlices(values, 0, 1, this.sum.slices);
    this.sum = { kind: "dense", values };
    return values;
  }
}
