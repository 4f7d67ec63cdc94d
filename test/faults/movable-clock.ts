import { systemClock } from "../../src/compute/system-clock.ts";
import type { Clock } from "../../src/ports/clock.ts";

interface Waiting {
  readonly atMs: number;
  readonly wake: () => void;
  callOff: () => void;
}

/** Real time that can be set ahead: an hour of patience need not be waited for. */
export interface MovableClock extends Clock {
  /** From now on it is so much later; whatever has come due meanwhile is woken. */
  skip(ms: number): void;
}

export function movableClock(): MovableClock {
  const real = systemClock();
  const all = new Set<Waiting>();
  let aheadMs = 0;
  const arm = (one: Waiting) => {
    one.callOff = real.schedule(one.atMs - aheadMs, () => {
      all.delete(one);
      one.wake();
    });
  };
  return {
    nowMs: () => real.nowMs() + aheadMs,
    schedule(atMs, wake) {
      const one: Waiting = { atMs, wake, callOff: () => {} };
      all.add(one);
      arm(one);
      return () => {
        all.delete(one);
        one.callOff();
      };
    },
    rest: real.rest,
    skip(ms) {
      aheadMs += ms;
      for (const one of all) {
        one.callOff();
        arm(one);
      }
    },
  };
}
