import { assert } from "../core/errors.ts";
import type { Clock } from "../ports/clock.ts";

/** Time that passes only while everyone rests: a day of waiting costs nothing. */
export interface VirtualClock extends Clock {
  /** Keeps time still until the promise settles: real work of a task under way. */
  hold(work: Promise<unknown>): void;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
  isCancelled: boolean;
}

/** Events at one moment happen in the order they were scheduled in. */
export function virtualClock(): VirtualClock {
  const heap: Entry[] = [];
  let nowMs = 0;
  let order = 0;
  let held = 0;
  let release = () => {};
  let released: Promise<void> = Promise.resolve();
  let rests = 0;
  return {
    nowMs: () => nowMs,
    schedule(atMs, wake) {
      const entry = { atMs: Math.max(atMs, nowMs), order: order++, wake, isCancelled: false };
      if (atMs !== Number.POSITIVE_INFINITY) push(heap, entry);
      return () => {
        entry.isCancelled = true;
      };
    },
    hold(work) {
      if (held++ === 0) released = new Promise((resolve) => (release = resolve));
      const free = () => {
        if (--held === 0) release();
      };
      work.then(free, free);
    },
    async rest() {
      if (held > 0) {
        // What was waited for is news already: time must not move on before it was heard.
        await released;
        return;
      }
      // Checkpoints are written by real I/O, which needs a turn now and then.
      if (rests++ % 64 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
      let entry = pop(heap);
      while (entry?.isCancelled) entry = pop(heap);
      assert(entry !== undefined, "something is in flight or scheduled whenever a run rests");
      nowMs = entry.atMs;
      entry.wake();
    },
  };
}

function isEarlier(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isEarlier(heap[at]!, heap[parent]!)) break;
    [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
    at = parent;
  }
}

function pop(heap: Entry[]): Entry | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return top;
  heap[0] = last;
  for (let at = 0; ; ) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2])
      if (child < heap.length && isEarlier(heap[child]!, heap[least]!)) least = child;
    if (least === at) return top;
    [heap[at], heap[least]] = [heap[least]!, heap[at]!];
    at = least;
  }
}
