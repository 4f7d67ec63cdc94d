import { atSlot } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { addScaled, difference, dot, norm } from "../../math/vector.ts";
import type { Searcher } from "../../optimizers/optimizer.ts";
import { addPenaltyGradient } from "../../problems/penalty.ts";
import { clearRunningStats } from "../../problems/running-stats.ts";
import { estimate } from "../../quorum/decode.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import { withAnchor } from "./anchor.ts";
import { correctedMean } from "./correction.ts";
import { withCurvaturePair } from "./curvature-pairs.ts";
import { afterGradient, roundEventOf } from "./gradient-outcome.ts";
import { trialSteps } from "./line-search.ts";
import { scaledGradient, unscaledChange } from "./scaling.ts";
import { takeSlicedStep } from "./sliced-step.ts";
import { nextRound, type RoundsPlan, type RoundsState, type Search } from "./state.ts";
import { type Sight, stepAtOnce } from "./step.ts";

/**
 * The gradients are there: find out where to go, and either move or ask about the way. `isAnchor`:
 * the quorum is one that is to be exact, and it is complete.
 */
export function takeStep(
  plan: RoundsPlan,
  state: RoundsState,
  isAnchor: boolean,
  atMs: number,
): Step<RoundsState> | null {
  const slots = respondedSlots(state.quorum);
  const memory = withCurvaturePair(plan, state, slots);
  const { replies } = state.quorum;
  if (isAnchor) {
    const mean = estimate(plan.shares, replies, slots);
    return mean === null ? null : aimExactly(plan, { ...state, memory }, { slots, mean, atMs });
  }
  const { optimizer } = plan;
  const maySlice = (plan.gradients ?? null) !== null;
  const isSliced = maySlice && slots.some((slot) => atSlot(replies, slot)!.tables !== undefined);
  if (isSliced && !optimizer.searches) return takeSlicedStep(plan, optimizer, state, slots, atMs);
  const weights = state.ahead ?? state.weights;
  const mean = correctedMean(plan.shares, state.correction, replies, slots, weights);
  if (mean === null) return null;
  const heard = { weights, gradients: replies };
  return goOn(plan, { ...state, memory }, { slots, mean, heard, isExact: false, atMs });
}

/** All slots were heard: an anchor. Training goes on from its point, or a step back is tried. */
function aimExactly(
  plan: RoundsPlan,
  state: RoundsState,
  { slots, mean, atMs }: Pick<Sight, "slots" | "mean" | "atMs">,
): Step<RoundsState> {
  const { quorum, round } = state;
  const found = withAnchor(plan, state, mean);
  if ("retreat" in found) {
    const weights = state.ahead ?? state.weights;
    const gradient = mean.values.slice();
    addPenaltyGradient(plan.problem.l2, weights, plan.shape, gradient);
    const standardised = norm(scaledGradient(plan.units ?? null, gradient));
    const size = { norm: norm(scaledGradient(plan.scaling ?? null, gradient)), standardised };
    const event = roundEventOf(plan, state, { slots, mean, isExact: true }, size);
    const memory = plan.optimizer.searches ? state.memory : plan.optimizer.start();
    const correction = { ...state.correction!, dueRound: round + 1 };
    const heard = { weights, gradients: quorum.replies };
    const back = { weights: found.retreat };
    const retreating = { ...state, memory, correction };
    return nextRound(plan, retreating, back, { ...event, atMs, stepSize: 0 }, heard);
  }
  const { anchor, isOnCourse } = found;
  const isPlanar = plan.problem.isQuadratic && plan.problem.l1 === 0;
  const before = isPlanar ? (state.correction?.anchor ?? null) : null;
  const dueRound = round + plan.exact!.everyRounds;
  const there = { ...state, ...movedTo(plan, state, anchor.point, isOnCourse) };
  const heard = { weights: anchor.point, gradients: anchor.replies };
  const sight = { slots, mean: anchor.mean, heard, isExact: true, atMs };
  return goOn(plan, { ...there, correction: { anchor, before, dueRound, missed: 0 } }, sight);
}

/** Training moved to a point: what is ahead of the weights stays as far ahead, or momentum ends. */
function movedTo(
  plan: RoundsPlan,
  { weights, ahead, memory }: RoundsState,
  point: Float64Array<ArrayBuffer>,
  isOnCourse: boolean,
): Pick<RoundsState, "weights" | "ahead" | "memory"> {
  const there = Float32Array.from(point);
  if (plan.optimizer.searches) return { weights: there, ahead: null, memory };
  if (!isOnCourse) return { weights: there, ahead: null, memory: plan.optimizer.start() };
  if (ahead === null) return { weights: there, ahead, memory };
  const behind = addScaled(Float64Array.from(point), -1, difference(ahead, weights));
  return { weights: Float32Array.from(behind), ahead: there, memory };
}

function goOn(plan: RoundsPlan, state: RoundsState, sight: Sight): Step<RoundsState> {
  const gradient = sight.mean.values.slice();
  addPenaltyGradient(plan.problem.l2, state.ahead ?? state.weights, plan.shape, gradient);
  clearRunningStats(plan.problem, gradient);
  const { optimizer } = plan;
  return optimizer.searches
    ? search(plan, optimizer, state, sight, gradient)
    : stepAtOnce(plan, optimizer, state, sight, gradient);
}

/** Asks about the way along the direction, unless there is nowhere to go. */
function search(
  plan: RoundsPlan,
  optimizer: Searcher,
  state: RoundsState,
  sight: Sight,
  gradient: Float64Array<ArrayBuffer>,
): Step<RoundsState> {
  const { atMs, heard, isExact } = sight;
  const { scaling = null } = plan;
  const scaled = scaledGradient(scaling, gradient);
  const gradientNorm = norm(scaled);
  const standardised = norm(scaledGradient(plan.units ?? null, gradient));
  const round = roundEventOf(plan, state, sight, { norm: gradientNorm, standardised });
  const aimed = afterGradient(plan, state, round, isExact);
  if (aimed.finished || (isExact && state.round + 1 >= plan.roundsMax))
    return nextRound(plan, aimed, state, { ...round, atMs, stepSize: 0 }, heard);
  const way = unscaledChange(scaling, optimizer.direction(state.memory, scaled));
  const direction = Float32Array.from(way);
  const slope = dot(direction, gradient);
  const steps = trialSteps(optimizer.guess(state.memory, gradientNorm));
  const asked: Search = { direction, steps, retries: 0, slope, round, heard };
  return { state: { ...aimed, quorum: openQuorum(atMs), search: asked } };
}
