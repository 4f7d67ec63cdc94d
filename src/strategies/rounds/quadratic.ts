import { atSlot, slotMapOf, slotNumbers } from "../../core/slot-map.ts";
import { addScaled, difference, dot } from "../../math/vector.ts";
import { addPenaltyGradient, eachPenalized } from "../../problems/penalty.ts";
import type { Mean } from "../../quorum/decode.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import type { Anchor } from "./correction.ts";
import type { RoundsPlan } from "./state.ts";

/** A point as the last anchor, plus `on` times the way here, plus `back` times the way before. */
export interface Place {
  readonly on: number;
  readonly back: number;
}

/** The farthest out on a line. */
const farthest = 1.5;
const halvings = 60;

/** Where on the line from the last anchor to here the objective is least, by its slope's sign. */
export function lowestOnLine(
  { problem, shape }: Pick<RoundsPlan, "problem" | "shape">,
  last: Anchor,
  here: Anchor,
): Place {
  const way = difference(here.point, last.point);
  const from = dot(last.mean.values, way);
  const to = dot(here.mean.values, way);
  const slopeAt = (on: number) => {
    let slope = from + on * (to - from);
    eachPenalized(way.length, shape, (j) => {
      const weight = last.point[j]! + on * way[j]!;
      slope += (problem.l2 * weight + problem.l1 * Math.sign(weight)) * way[j]!;
    });
    return slope;
  };
  let [low, high] = [0, farthest];
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2;
    if (slopeAt(middle) > 0) high = middle;
    else low = middle;
  }
  return { on: (low + high) / 2, back: 0 };
}

/**
 * Where a quadratic without l1 is least on the plane through here and the two last anchors: with
 * one preconditioner throughout, the steps of preconditioned conjugate gradients. The line's
 * minimum where the plane is none, or its minimum lies too far out.
 */
export function lowestOnPlane(
  plan: Pick<RoundsPlan, "problem" | "shape">,
  before: Anchor,
  last: Anchor,
  here: Anchor,
): Place {
  const on = difference(here.point, last.point);
  const back = difference(last.point, before.point);
  const [g0, g1, g2] = [before, last, here].map((anchor) => gradientAt(plan, anchor));
  const [onward, backward] = [difference(g2!, g1!), difference(g1!, g0!)];
  const [a, b, c] = [dot(on, onward), dot(on, backward), dot(back, backward)];
  const [p, q] = [-dot(on, g1!), -dot(back, g1!)];
  const determinant = a * c - b * b;
  const place = { on: (c * p - b * q) / determinant, back: (a * q - b * p) / determinant };
  const isPlane = determinant > 1e-9 * a * c;
  return isPlane && isCalm(place) ? place : lowestOnLine(plan, last, here);
}

/**
 * Rounding errors e of anchors' gradients die out: the roots of
 * e'' = (1 - on + back) e' - back e lie within the unit circle.
 */
function isCalm({ on, back }: Place): boolean {
  return Math.abs(back) < 1 && on > 0 && on < 2 * (1 + back);
}

/** The anchor at a place, of a quadratic: gradients are affine in the point. */
export function anchorAt(
  before: Anchor | null,
  last: Anchor,
  here: Anchor,
  { on, back }: Place,
): Anchor {
  type Values = { readonly values: Float32Array | Float64Array };
  const mixed = (first: Values | undefined, second: Values, third: Values) => {
    const out = Float64Array.from(second.values, (value) => (1 - on + back) * value);
    addScaled(out, on, third.values);
    return first === undefined || back === 0 ? out : addScaled(out, -back, first.values);
  };
  const place = (anchor: Anchor | null) => (anchor === null ? undefined : { values: anchor.point });
  const point = mixed(place(before), { values: last.point }, { values: here.point });
  const way = difference(point, last.point);
  const lossFrom = (from: Mean | WorkerReply, values: Float64Array): number =>
    from.loss + (dot(from.values, way) + dot(values, way)) / 2;
  const reply = (slot: number): readonly [number, WorkerReply] => {
    const first = before === null ? undefined : atSlot(before.replies, slot);
    const [second, third] = [atSlot(last.replies, slot)!, atSlot(here.replies, slot)!];
    const values = mixed(first, second, third);
    const { computeMs } = third;
    return [slot, { loss: lossFrom(second, values), values: Float32Array.from(values), computeMs }];
  };
  const slots = slotNumbers(here.replies).filter(
    (slot) => atSlot(last.replies, slot) && (before === null || atSlot(before.replies, slot)),
  );
  const values = mixed(before?.mean, last.mean, here.mean);
  const mean = { loss: lossFrom(last.mean, values), values };
  return { ...here, point, replies: slotMapOf(slots.map(reply)), mean };
}

/** The gradient of the objective's smooth part at an anchor. */
export function gradientAt(
  { problem, shape }: Pick<RoundsPlan, "problem" | "shape">,
  { mean, point }: Anchor,
): Float64Array<ArrayBuffer> {
  const gradient = mean.values.slice();
  addPenaltyGradient(problem.l2, point, shape, gradient);
  return gradient;
}
