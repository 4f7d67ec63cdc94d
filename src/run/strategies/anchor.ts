import { atSlot, type SlotMap, slotMapOf, slotsOf } from "../../core/slot-map.ts";
import { addScaled, difference, dot, scaled, type Vector } from "../../math/vector.ts";
import { addPenaltyGradient, eachPenalized, penalty } from "../../problems/penalty.ts";
import type { WorkerReply } from "../messages.ts";
import type { Anchor } from "./correction.ts";
import type { Mean } from "./estimate.ts";
import type { RoundsPlan, RoundsState } from "./rounds-state.ts";

/** Beyond this part of the way from anchor to anchor, rounding would grow with every anchor. */
const farthest = 1.5;
const halvings = 60;
/** Objectives this close are the same but for rounding. */
const rounding = 1e-12;

/**
 * The new anchor, now that every slot has replied at the weights. What led here was estimated, so
 * it may have gone too far or too short. A quadratic is known all along the line from the last
 * anchor once its gradients are known at two points: the new anchor is at its minimum, and every
 * slot's gradient there follows without asking. Another loss is known only where it was asked: if
 * the objective has risen, a point on the way back is to be asked next.
 */
export function anchored(
  plan: RoundsPlan,
  state: RoundsState,
  mean: Mean,
): { readonly anchor: Anchor } | { readonly retreat: Float32Array<ArrayBuffer> } {
  const { weights, round, quorum } = state;
  const here: Anchor = {
    round,
    point: Float64Array.from(weights),
    replies: quorum.replies,
    mean,
    norm: 0,
  };
  const last = state.correction?.anchor ?? null;
  if (last === null) return { anchor: here };
  const way = difference(here.point, last.point);
  if (plan.problem.mixable) return { anchor: between(last, here, minimum(plan, last, here, way)) };
  const before = objectiveAt(plan, last);
  const risen = objectiveAt(plan, here) - before;
  if (!(risen > rounding * Math.abs(before))) return { anchor: here };
  const slope = dot(fullGradient(plan, last), way);
  const part = Math.min(0.5, Math.max(0.1, -slope / (2 * (risen - slope))));
  return { retreat: Float32Array.from(addScaled(last.point.slice(), part, way)) };
}

/** Where on the line through two anchors a quadratic loss and its penalties are least. */
function minimum(
  { problem, shape }: RoundsPlan,
  last: Anchor,
  here: Anchor,
  way: Float64Array<ArrayBuffer>,
): number {
  const from = dot(last.mean.values, way);
  const to = dot(here.mean.values, way);
  const slopeAt = (part: number) => {
    const there = addScaled(last.point.slice(), part, way);
    let slope = from + part * (to - from);
    eachPenalized(there.length, shape, (j) => {
      slope += (problem.l2 * there[j]! + problem.l1 * Math.sign(there[j]!)) * way[j]!;
    });
    return slope;
  };
  let [low, high] = [0, farthest];
  for (let i = 0; i < halvings; i++) {
    const middle = (low + high) / 2;
    if (slopeAt(middle) > 0) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}

/** The anchor at a part of the way between two, of a quadratic: gradients are linear in it. */
function between(last: Anchor, here: Anchor, part: number): Anchor {
  const point = mixed(last.point, here.point, part);
  const way = difference(here.point, last.point);
  const along = ({ loss, values }: Mean, next: Mean): number => {
    const slope = dot(values, way);
    return loss + part * slope + part * part * (next.loss - loss - slope);
  };
  const reply = (slot: number): readonly [number, WorkerReply] => {
    const [a, b] = [atSlot(last.replies, slot)!, atSlot(here.replies, slot)!];
    const values = Float32Array.from(mixed(a.values, b.values, part));
    return [slot, { loss: along(wide(a), wide(b)), values, computeMs: b.computeMs }];
  };
  const replies: SlotMap<WorkerReply> = slotMapOf(
    slotsOf(here.replies)
      .filter((slot) => atSlot(last.replies, slot) !== undefined)
      .map(reply),
  );
  const values = mixed(last.mean.values, here.mean.values, part);
  const mean = { loss: along(last.mean, here.mean), values };
  return { ...here, point, replies, mean };
}

function mixed(a: Vector, b: Vector, part: number): Float64Array<ArrayBuffer> {
  return addScaled(scaled(1 - part, a), part, b);
}

function wide({ loss, values }: WorkerReply): Mean {
  return { loss, values: Float64Array.from(values) };
}

function objectiveAt({ problem, shape }: RoundsPlan, { mean, point }: Anchor): number {
  return mean.loss + penalty(problem, point, shape);
}

function fullGradient({ problem, shape }: RoundsPlan, { mean, point }: Anchor) {
  const gradient = mean.values.slice();
  addPenaltyGradient(problem.l2, point, shape, gradient);
  return gradient;
}
