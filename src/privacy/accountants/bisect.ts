import { assert } from "../../core/errors.ts";

/**
 * The end of a half-line where `holds` is true above some x >= from: bisected until doubles are
 * exhausted, and the upper end returned, where it does hold. `guess` is where to begin to look.
 */
export function smallestAbove(
  from: number,
  guess: number,
  holds: (x: number) => boolean,
  relative = 0,
): number {
  let low = from;
  let high = guess > from ? guess : from + 1;
  for (let i = 0; !holds(high); i++) {
    if (i === doublingsMax || high === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    low = high;
    high = from + 2 * (high - from);
  }
  return ends(low, high, holds, relative).high;
}

/** The largest x >= from where `holds`, which is true up to some x and false above. */
export function largestBelow(
  from: number,
  guess: number,
  holds: (x: number) => boolean,
  relative = 0,
): number {
  let low = from;
  let high = guess > from ? guess : from + 1;
  for (let i = 0; holds(high); i++) {
    if (i === doublingsMax) return Number.POSITIVE_INFINITY;
    low = high;
    high = from + 2 * (high - from);
  }
  return ends(low, high, (x) => !holds(x), relative).low;
}

/** Narrows low < high, false and true, until no double lies between or they are near enough. */
function ends(
  from: number,
  to: number,
  isHigh: (x: number) => boolean,
  relative: number,
): { readonly low: number; readonly high: number } {
  let low = from;
  let high = to;
  assert(high > low, "a bisection begins with two ends");
  while (high - low > relative * Math.abs(high)) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (isHigh(middle)) high = middle;
    else low = middle;
  }
  return { low, high };
}

const doublingsMax = 1_100;
