import { argsort } from "./argsort.ts";

/** What is to happen when: a heap whose keys lie side by side, for tens of thousands of entries. */
export interface EventQueue {
  /** The earliest time, infinity where nothing is left. */
  firstMs(): number;
  /** Those of one moment come in the order they were put in. */
  put(atMs: number, wake: () => void): QueuedEvent;
  /** As if every index were put in, one after the other; but only the next one is in the heap. */
  putAll(atMs: Float64Array, wake: (index: number) => void): void;
  /** Takes the earliest entry off and wakes it; `firstMs` must have told that there is one. */
  wakeFirst(): void;
}

export interface QueuedEvent {
  isCancelled: boolean;
}

const capacityFirst = 256;
/** Flatter than a binary heap: its keys are in fewer places of the memory. */
const arity = 4;

export function eventQueue(): EventQueue {
  return new Heap();
}

class Heap implements EventQueue {
  private times = new Float64Array(capacityFirst);
  private orders = new Float64Array(capacityFirst);
  private readonly entries: Waiting[] = [];
  private count = 0;
  private order = 0;

  firstMs(): number {
    while (this.count > 0 && this.entries[0]!.isCancelled) this.removeFirst();
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.times[0]!;
  }

  put(atMs: number, wake: () => void): QueuedEvent {
    const entry = { isCancelled: false, wake, series: null };
    this.insert(atMs, this.order++, entry);
    return entry;
  }

  putAll(atMs: Float64Array, wake: (index: number) => void): void {
    const firstOrder = this.order;
    this.order += atMs.length;
    if (atMs.length === 0) return;
    const series = { atMs, sorted: argsort(atMs), firstOrder, next: 0, wake };
    const first = series.sorted[0]!;
    this.insert(atMs[first]!, firstOrder + first, { isCancelled: false, wake: nothing, series });
  }

  wakeFirst(): void {
    const entry = this.entries[0]!;
    const { series } = entry;
    if (series === null) {
      this.removeFirst();
      entry.wake();
      return;
    }
    const { atMs, sorted } = series;
    const index = sorted[series.next++]!;
    const following = series.next < sorted.length ? sorted[series.next]! : -1;
    const followingMs = following < 0 ? Number.POSITIVE_INFINITY : atMs[following]!;
    // Mostly it is the first again: nothing needs to be taken out and put in.
    if (followingMs === Number.POSITIVE_INFINITY) this.removeFirst();
    else this.sink(followingMs, series.firstOrder + following, entry);
    series.wake(index);
  }

  private removeFirst(): void {
    const last = --this.count;
    const entry = this.entries.pop()!;
    if (last > 0) this.sink(this.times[last]!, this.orders[last]!, entry);
  }

  /** Puts an entry into the hole at the top, and sees to the order below. */
  private sink(atMs: number, order: number, entry: Waiting): void {
    let hole = 0;
    for (;;) {
      const first = arity * hole + 1;
      if (first >= this.count) break;
      let child = first;
      const end = Math.min(first + arity, this.count);
      for (let at = first + 1; at < end; at++)
        if (this.isAhead(at, this.times[child]!, this.orders[child]!)) child = at;
      if (!this.isAhead(child, atMs, order)) break;
      this.move(child, hole);
      hole = child;
    }
    this.place(hole, atMs, order, entry);
  }

  private insert(atMs: number, order: number, entry: Waiting): void {
    if (atMs === Number.POSITIVE_INFINITY) return;
    if (this.count === this.times.length) {
      this.times = grown(this.times);
      this.orders = grown(this.orders);
    }
    let hole = this.count++;
    while (hole > 0) {
      const parent = Math.floor((hole - 1) / arity);
      if (this.isAhead(parent, atMs, order)) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.place(hole, atMs, order, entry);
  }

  private isAhead(at: number, atMs: number, order: number): boolean {
    const otherMs = this.times[at]!;
    return otherMs < atMs || (otherMs === atMs && this.orders[at]! < order);
  }

  private move(from: number, to: number): void {
    this.place(to, this.times[from]!, this.orders[from]!, this.entries[from]!);
  }

  private place(at: number, atMs: number, order: number, entry: Waiting): void {
    this.times[at] = atMs;
    this.orders[at] = order;
    this.entries[at] = entry;
  }
}

interface Waiting extends QueuedEvent {
  readonly wake: () => void;
  /** What is woken instead, one index after another. */
  readonly series: Series | null;
}

interface Series {
  readonly atMs: Float64Array;
  /** Indices in the order of their times. */
  readonly sorted: Uint32Array<ArrayBuffer>;
  readonly firstOrder: number;
  next: number;
  readonly wake: (index: number) => void;
}

function nothing(): void {}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}
