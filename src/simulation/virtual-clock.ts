import { assert } from "../core/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { eventQueue } from "./event-queue.ts";

/** Time that passes only while everyone rests: a day of waiting costs nothing. */
export interface VirtualClock extends Clock {
  /** Keeps time still until the promise settles: real work of a task under way. */
  hold(work: Promise<unknown>): void;
  advance(untilMs: number): boolean;
  /** As `schedule` of every index at its time, one after the other, and never called off. */
  scheduleAll(atMs: Float64Array, wake: (index: number) => void): void;
}

/** Events at one moment happen in the order they were scheduled in. */
export function virtualClock(): VirtualClock {
  const events = eventQueue();
  let nowMs = 0;
  let held = 0;
  let release = () => {};
  let released: Promise<void> = Promise.resolve();
  const turns = realTurns();
  const step = (firstMs: number) => {
    nowMs = firstMs;
    events.wakeFirst();
  };
  return {
    nowMs: () => nowMs,
    schedule(atMs, wake) {
      const entry = events.put(Math.max(atMs, nowMs), wake);
      return () => {
        entry.isCancelled = true;
      };
    },
    scheduleAll(atMs, wake) {
      if (atMs.length === 1) events.put(Math.max(atMs[0]!, nowMs), () => wake(0));
      else {
        const future = new Float64Array(atMs.length);
        for (let i = 0; i < atMs.length; i++) future[i] = Math.max(atMs[i]!, nowMs);
        events.putAll(future, wake);
      }
    },
    hold(work) {
      if (held++ === 0) released = new Promise((resolve) => (release = resolve));
      const free = () => {
        if (--held === 0) release();
      };
      work.then(free, free);
    },
    advance(untilMs) {
      if (held > 0 || turns.isDue()) return false;
      const firstMs = events.firstMs();
      if (firstMs <= untilMs && firstMs !== Number.POSITIVE_INFINITY) step(firstMs);
      else if (untilMs === Number.POSITIVE_INFINITY) return false;
      else nowMs = Math.max(nowMs, untilMs);
      return true;
    },
    async rest() {
      if (held > 0) {
        // What was waited for is news already: time must not move on before it was heard.
        await released;
        return;
      }
      if (turns.isDue()) await turns.take();
      const firstMs = events.firstMs();
      const hasMore = firstMs !== Number.POSITIVE_INFINITY;
      assert(hasMore, "something is in flight or scheduled whenever a run rests");
      step(firstMs);
    },
  };
}

/** Checkpoints are written by real I/O, which needs a turn after so much real time. */
const turnMs = 1;
const stepsALook = 128;

function realTurns() {
  let steps = 0;
  let turnedMs = performance.now();
  let isDue = false;
  return {
    /** Asked at every step; the real clock is looked at only now and then. */
    isDue() {
      if (++steps % stepsALook === 0) isDue = performance.now() - turnedMs > turnMs;
      return isDue;
    },
    async take() {
      await new Promise<void>((resolve) => setImmediate(resolve));
      turnedMs = performance.now();
      isDue = false;
    },
  };
}
