/** What is to happen when: a heap whose keys lie side by side, for tens of thousands of entries. */
export interface Agenda {
  /** The earliest time, infinity where nothing is left. */
  firstMs(): number;
  /** Those of one moment come in the order they were put in. */
  put(atMs: number, wake: () => void): Entry;
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
    if (atMs === Number.POSITIVE_INFINITY) return entry;
    if (this.count === this.times.length) {
      this.times = grown(this.times);
      this.orders = grown(this.orders);
    }
    this.rise(this.count++, atMs, entry);
    return entry;
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

  /** The newest is the last of its moment: only later ones give way. */
  private rise(from: number, atMs: number, entry: Entry): void {
    let hole = from;
    while (hole > 0) {
      const parent = Math.floor((hole - 1) / arity);
      if (this.times[parent]! <= atMs) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.times[hole] = atMs;
    this.orders[hole] = this.order++;
    this.entries[hole] = entry;
  }
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}
