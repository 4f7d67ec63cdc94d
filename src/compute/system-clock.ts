import type { Clock } from "../ports/clock.ts";

/** The longest delay that a timer takes; longer waits are cut into pieces. */
const timerMsMax = 2 ** 31 - 1;

/** Real, monotonic time. */
export function systemClock(): Clock {
  return {
    nowMs: () => performance.now(),
    schedule(atMs, wake) {
      let timer: NodeJS.Timeout | undefined;
      const arm = () => {
        const leftMs = atMs - performance.now();
        if (leftMs > timerMsMax) timer = setTimeout(arm, timerMsMax);
        else timer = setTimeout(wake, Math.max(0, Math.ceil(leftMs)));
      };
      if (atMs !== Number.POSITIVE_INFINITY) arm();
      return () => clearTimeout(timer);
    },
    rest: (woken) => woken,
  };
}
