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
  let times = new Float64Array(capacityFirst);
  let orders = new Float64Array(capacityFirst);
  const entries: Entry[] = [];
  let count = 0;
  let order = 0;

  const isEarlier = (a: number, b: number) =>
    times[a]! < times[b]! || (times[a]! === times[b]! && orders[a]! < orders[b]!);
  const set = (at: number, from: number) => {
    times[at] = times[from]!;
    orders[at] = orders[from]!;
    entries[at] = entries[from]!;
  };
  const drop = () => {
    count--;
    entries.length = count;
  };
  /** Fills the hole at the top with the last entry. */
  const sink = () => {
    const last = count - 1;
    let hole = 0;
    for (;;) {
      const first = arity * hole + 1;
      if (first >= last) break;
      let child = first;
      const end = Math.min(first + arity, last);
      for (let other = first + 1; other < end; other++) if (isEarlier(other, child)) child = other;
      if (!isEarlier(child, last)) break;
      set(hole, child);
      hole = child;
    }
    set(hole, last);
    drop();
  };
  /** Brings the entry at `at` to where its parents are earlier. */
  const rise = (from: number) => {
    const [time, place, entry] = [times[from]!, orders[from]!, entries[from]!];
    let hole = from;
    while (hole > 0) {
      const parent = Math.floor((hole - 1) / arity);
      const isLater = times[parent]! > time || (times[parent]! === time && orders[parent]! > place);
      if (!isLater) break;
      set(hole, parent);
      hole = parent;
    }
    times[hole] = time;
    orders[hole] = place;
    entries[hole] = entry;
  };

  return {
    firstMs() {
      while (count > 0 && entries[0]!.isCancelled) sink();
      return count === 0 ? Number.POSITIVE_INFINITY : times[0]!;
    },
    put(atMs, wake) {
      const entry = { wake, isCancelled: false };
      if (atMs === Number.POSITIVE_INFINITY) return entry;
      if (count === times.length) {
        times = grown(times);
        orders = grown(orders);
      }
      times[count] = atMs;
      orders[count] = order++;
      entries[count] = entry;
      rise(count++);
      return entry;
    },
    take() {
      const entry = entries[0]!;
      sink();
      return entry;
    },
  };
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * values.length);
  larger.set(values);
  return larger;
}
