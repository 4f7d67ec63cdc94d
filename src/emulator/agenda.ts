import { ascending } from "./ascending.ts";

/** What is to happen when: a heap whose keys lie side by side, for tens of thousands of entries. */
export interface Agenda {
  /** The earliest time, infinity where nothing is left. */
  firstMs(): number;
  /** Those of one moment come in the order they were put in. */
  put(atMs: number, wake: () => void): Entry;
  /** As if every index were put in, one after the other; but only the next one is in the heap. */
  putAll(atMs: Float64Array, wake: (index: number) => void): void;
  /** The earliest entry; it must be there. */
  take(): Entry;
}

export interface Entry {
  readonly wake: () => void;
  isCancelled: boolean;
}

const capacityFirst = 256;
/** Flatter than a binary heap: its keys are in fewer places of the memory. */
const arity = 4;

export function agenda(): Agenda {
  return new Heap();
}

class Heap implements Agenda {
  private times = new Float64Array(capacityFirst);
  private orders = new Float64Array(capacityFirst);
  private readonly entries: Entry[] = [];
  private count = 0;
  private order = 0;

  firstMs(): number {
    while (this.count > 0 && this.entries[0]!.isCancelled) this.sink();
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.times[0]!;
  }

  put(atMs: number, wake: () => void): Entry {
    const entry = { wake, isCancelled: false };
    this.insert(atMs, this.order++, entry);
    return entry;
  }

  putAll(atMs: Float64Array, wake: (index: number) => void): void {
    const sorted = ascending(atMs);
    const firstOrder = this.order;
    this.order += atMs.length;
    let at = 0;
    const insert = () => {
      if (at < sorted.length) this.insert(atMs[sorted[at]!]!, firstOrder + sorted[at]!, entry);
    };
    const entry: Entry = {
      isCancelled: false,
      wake() {
        const index = sorted[at++]!;
        insert();
        wake(index);
      },
    };
    insert();
  }

  take(): Entry {
    const entry = this.entries[0]!;
    this.sink();
    return entry;
  }

  private isEarlier(a: number, b: number): boolean {
    const { times, orders } = this;
    return times[a]! < times[b]! || (times[a]! === times[b]! && orders[a]! < orders[b]!);
  }

  private move(from: number, to: number): void {
    this.times[to] = this.times[from]!;
    this.orders[to] = this.orders[from]!;
    this.entries[to] = this.entries[from]!;
  }

  /** Fills the hole at the top with the last entry. */
  private sink(): void {
    const last = this.count - 1;
    let hole = 0;
    for (;;) {
      const first = arity * hole + 1;
      if (first >= last) break;
      let child = first;
      const end = Math.min(first + arity, last);
      for (let at = first + 1; at < end; at++) if (this.isEarlier(at, child)) child = at;
      if (!this.isEarlier(child, last)) break;
      this.move(child, hole);
      hole = child;
    }
    this.move(last, hole);
    this.count = last;
    this.entries.length = last;
  }

  private insert(atMs: number, order: number, entry: Entry): void {
    if (atMs === Number.POSITIVE_INFINITY) return;
    if (this.count === this.times.length) {
      this.times = grown(this.times);
      this.orders = grown(this.orders);
    }
    let hole = this.count++;
    while (hole > 0) {
      const parent = Math.floor((hole - 1) / arity);
      const parentMs = this.times[parent]!;
      if (parentMs < atMs || (parentMs === atMs && this.orders[parent]! < order)) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.times[hole] = atMs;
    this.orders[hole] = order;
    this.entries[hole] = entry;
  }
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}
