import type { Composed } from "./compose.ts";

/**
 * delta(epsilon) = E[(1 - e^(epsilon - L))+], read off a composed law from its top down. Between
 * two grid points it is a - e^epsilon b, with a and b the sums over the losses above.
 */
interface Tail {
  /** The grid's loss, in steps from the window's first. */
  index: number;
  /** Sum of the probabilities of losses above it. */
  a: number;
  /** Sum of the same, each times e^(this loss - that one). */
  b: number;
}

/** The smallest epsilon >= 0 with delta(epsilon) <= delta. */
export function epsilonAt(composed: Composed, delta: number): number {
  const { step, first, beyond } = composed;
  if (beyond > delta) return Number.POSITIVE_INFINITY;
  const allowed = (delta - beyond) * (1 - roundoff);
  // Going down, delta grows: the first point where it is too large has the answer just above it.
  const isTooMuch = ({ a, b }: Tail) => !(a - b <= allowed);
  const tail = descend(composed, (index) => isTooMuch(index) || lossAt(index) <= 0);
  function lossAt({ index }: Tail): number {
    return (first + index) * step;
  }
  const { a, b } = tail;
  if (!isTooMuch(tail)) return Math.max(0, lossAt(tail));
  // a - e^(epsilon - loss) b = allowed, and epsilon lies less than one step above.
  const above = a < Number.POSITIVE_INFINITY ? Math.log((a - allowed) / b) : step;
  return Math.max(0, lossAt(tail) + Math.min(step, above));
}

/** delta at an epsilon, from above. */
export function deltaAt(composed: Composed, epsilon: number): number {
  const { step, first, beyond } = composed;
  const below = descend(composed, ({ index }) => (first + index) * step <= epsilon);
  const past = epsilon - (first + below.index) * step;
  const delta = below.a - Math.exp(past) * below.b;
  if (Number.isNaN(delta)) return 1;
  return Math.min(1, Math.max(0, delta) * (1 + roundoff) + beyond);
}

/** What summing probabilities may lose. */
const roundoff = 1e-9;

/** From the top of the window down to the first point that is low enough, or to its bottom. */
function descend(composed: Composed, isEnough: (tail: Tail) => boolean): Tail {
  const { step, first, tilted, theta, logScale } = composed;
  const shrink = Math.exp(-step);
  const tail: Tail = { index: tilted.length - 1, a: 0, b: 0 };
  while (tail.index > 0 && !isEnough(tail)) {
    const mass = tilted[tail.index]! * Math.exp(logScale - theta * (first + tail.index) * step);
    tail.a += mass;
    tail.b = (tail.b + mass) * shrink;
    tail.index--;
  }
  return tail;
}
