import type { Slotted } from "../ports/compute.ts";
import { changeBetween, type VectorChange } from "../wire/vector-change.ts";

type Weights = Float32Array<ArrayBuffer>;

/** Versions of the weights that an orchestrator keeps, to tell what changed since. */
const versionsMax = 8;
const versionBytesMax = 2 ** 28;
/** After so many changes of everything in a row nobody looks for smaller ones any more. */
const vainMax = 4;
/** Fewer bytes are told as a whole. */
const bytesMin = 1_024;

/** A task's weights; null where it has none that are worth a change. */
export function weightsOf(task: Slotted): Weights | null {
  const { weights } = task as { weights?: unknown };
  return weights instanceof Float32Array && weights.byteLength >= bytesMin
    ? (weights as Weights)
    : null;
}

/**
 * Which weights each slot's environment had when it last replied. Of a slot that has a task under
 * way nothing is known: the next one may go to another environment.
 */
export class KnownWeights {
  private readonly bySlot = new Map<number, Weights>();
  private readonly underWay = new Map<number, number>();
  private versions: readonly Weights[] = [];
  private vain = 0;
  private readonly changes = new WeakMap<Weights, WeakMap<Weights, VectorChange | null>>();

  /** A task starts: what changed since the weights that its worker has; null for all of them. */
  begin(
    slot: number,
    weights: Weights,
  ): { readonly from: Weights; readonly change: VectorChange } | null {
    const others = this.underWay.get(slot) ?? 0;
    this.underWay.set(slot, others + 1);
    const from = this.bySlot.get(slot);
    if (others > 0 || from === undefined || from.length !== weights.length) return null;
    const change = this.changeOf(from, weights);
    return change === null ? null : { from, change };
  }

  /** A task is over: its worker has these weights, or null for nobody knows which. */
  end(slot: number, weights: Weights | null): void {
    this.underWay.set(slot, Math.max(0, (this.underWay.get(slot) ?? 0) - 1));
    if (this.vain >= vainMax) this.forget();
    else if (weights === null) this.bySlot.delete(slot);
    else {
      this.bySlot.set(slot, weights);
      this.keep(weights);
    }
  }

  /** Every step moves all weights, such as exact Adam: that is no use, and takes memory. */
  private forget(): void {
    this.bySlot.clear();
    this.versions = [];
  }

  private keep(weights: Weights): void {
    if (this.versions.includes(weights)) return;
    const most = Math.floor(versionBytesMax / weights.byteLength);
    const kept = Math.max(2, Math.min(versionsMax, most));
    this.versions = [...this.versions, weights].slice(-kept);
    for (const [slot, known] of this.bySlot)
      if (!this.versions.includes(known)) this.bySlot.delete(slot);
  }

  private changeOf(from: Weights, to: Weights): VectorChange | null {
    const known = this.changes.get(from) ?? new WeakMap<Weights, VectorChange | null>();
    this.changes.set(from, known);
    const found = known.get(to);
    if (found !== undefined) return found;
    const made = changeBetween(from, to);
    this.vain = made === null ? this.vain + 1 : 0;
    known.set(to, made);
    return made;
  }
}
