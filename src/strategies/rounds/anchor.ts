import { addScaled, difference, dot } from "../../math/vector.ts";
import { penalty } from "../../problems/penalty.ts";
import type { Mean } from "../../quorum/decode.ts";
import type { Anchor } from "./correction.ts";
import { anchorAt, gradientAt, lowestOnLine, lowestOnPlane } from "./quadratic.ts";
import type { RoundsPlan, RoundsState } from "./state.ts";

/** Objectives this close are the same but for rounding. */
const rounding = 1e-12;

interface Found {
  readonly anchor: Anchor;
  /** The way here was not much too long: what carried training here may carry it on. */
  readonly isOnCourse: boolean;
}

/**
 * The new anchor, now that every slot has replied. What led here was estimated, so
 * it may have gone too far, too short or astray. A quadratic is known wherever its gradients at
 * known points tell: the new anchor is its minimum on the line, or plane, through here and the last
 * anchors, and every slot's gradient there follows without asking. Another loss is known only where
 * it was asked: if the objective has risen, a point on the way back is to be asked next.
 */
export function withAnchor(
  plan: RoundsPlan,
  state: RoundsState,
  mean: Mean,
): Found | { readonly retreat: Float32Array<ArrayBuffer> } {
  const { weights, ahead, round, quorum, correction } = state;
  const point = Float64Array.from(ahead ?? weights);
  const here: Anchor = { round, point, replies: quorum.replies, mean, norm: 0 };
  const last = correction?.anchor ?? null;
  if (last === null) return { anchor: here, isOnCourse: true };
  if (plan.problem.isQuadratic) {
    const before = correction?.before ?? null;
    const place =
      before === null || plan.problem.l1 > 0
        ? lowestOnLine(plan, last, here)
        : lowestOnPlane(plan, before, last, here);
    return { anchor: anchorAt(before, last, here, place), isOnCourse: place.on > 0.5 };
  }
  const objective = objectiveAt(plan, last);
  const risen = objectiveAt(plan, here) - objective;
  if (!(risen > rounding * Math.abs(objective))) return { anchor: here, isOnCourse: true };
  const way = difference(point, last.point);
  const slope = dot(gradientAt(plan, last), way);
  const part = Math.min(0.5, Math.max(0.1, -slope / (2 * (risen - slope))));
  return { retreat: Float32Array.from(addScaled(last.point.slice(), part, way)) };
}

function objectiveAt({ problem, shape }: RoundsPlan, { mean, point }: Anchor): number {
  return mean.loss + penalty(problem, point, shape);
}
