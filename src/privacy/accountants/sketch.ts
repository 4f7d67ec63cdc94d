import { gammaLowerLog, gammaUpperLog } from "../../math/gamma-tails.ts";
import type { MechanismUse, SketchRelease } from "../release.ts";
import { smallestAbove } from "./bisect.ts";
import { type Direction, type LossLaw, spans } from "./loss-law.ts";

/**
 * Exact accounting of one sketch. Its rows are independent normal vectors; whitened, one data row
 * more or less changes the variance of one direction from 1 to 1 - s, s <= 1 / margin, and a larger
 * s reveals more. The loss is a function of the squared length there, which is a chi-square's of
 * as many degrees as there are rows: delta(epsilon) is a difference of its tails.
 */
export function sketchDelta({ rows, margin }: SketchRelease, epsilon: number): number {
  const a = rows / 2;
  const c = shiftOf(rows, margin);
  const tails = (log: typeof gammaUpperLog, at: number, under: number) => {
    const most = Math.exp(log(a, at));
    return most - Math.exp(Math.min(0, epsilon + log(a, under))) + most * roundoff;
  };
  // P is the wider of the two laws: long vectors tell; then the narrower: short ones do.
  const wider = tails(gammaUpperLog, (epsilon + c) * (margin - 1), (epsilon + c) * margin);
  if (c <= epsilon) return Math.max(0, wider);
  const narrower = tails(gammaLowerLog, (c - epsilon) * margin, (c - epsilon) * (margin - 1));
  return Math.max(0, wider, narrower);
}

/** -(rows / 2) ln(1 - s): the loss is w / (margin - 1) less this, w half the squared length. */
function shiftOf(rows: number, margin: number): number {
  return (-rows / 2) * Math.log1p(-1 / margin);
}

/** What the tails' rounding may hide. */
const roundoff = 1e-10;

/** The epsilon of a list that is one sketch; null for any other list. */
export function sketchEpsilon(releases: readonly MechanismUse[], delta: number): number | null {
  const [only] = releases;
  if (releases.length !== 1 || only?.mechanism !== "sketch") return null;
  if (sketchDelta(only, 0) <= delta) return 0;
  return smallestAbove(0, 1, (epsilon) => sketchDelta(only, epsilon) <= delta, 1e-12);
}

/** One sketch's losses, for what is released beside it: P is the wider law, or the narrower one. */
export function sketchLoss(
  { rows, margin }: SketchRelease,
  direction: Direction,
  outside: number,
): LossLaw {
  const a = rows / 2;
  const c = shiftOf(rows, margin);
  const deviation = Math.sqrt(a) + 1;
  let [low, high] = [a, a];
  while (Math.exp(gammaUpperLog(a, high)) > outside) high += deviation;
  while (Math.exp(gammaLowerLog(a, low)) > outside) low *= 1 - 1 / (deviation + 1);
  // In units of the law at hand, a loss of l is at (l + c) (margin - 1), or (l + c) margin.
  const [long, short] = [gammaSpans(a), gammaSpans(a)];
  const wider = (from: number, to: number) =>
    long((from + c) * (margin - 1), (to + c) * (margin - 1));
  const narrower = (from: number, to: number) => short((from + c) * margin, (to + c) * margin);
  if (direction === "remove")
    return {
      least: low / (margin - 1) - c,
      most: high / (margin - 1) - c,
      outside,
      masses: (from, to) => [wider(from, to), narrower(from, to)],
    };
  return {
    least: c - high / margin,
    most: c - low / margin,
    outside,
    masses: (from, to) => [narrower(-to, -from), wider(-to, -from)],
  };
}

/** P(x < W <= y), W ~ Gamma(a, 1), for spans side by side. */
function gammaSpans(a: number): (x: number, y: number) => number {
  return spans({
    below: (x) => Math.exp(gammaLowerLog(a, x)),
    above: (x) => Math.exp(gammaUpperLog(a, x)),
    middle: a,
  });
}
