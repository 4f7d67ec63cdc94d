import { assert } from "../../core/errors.ts";
import type { Step } from "../../engine/strategy.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import { subproblemsOf } from "../../tasks/subproblems/sides.ts";
import { isSettled, slopeLeft } from "../stop-rule.ts";
import {
  type AlternatingPhase,
  type AlternatingPlan,
  type AlternatingState,
  type SideReplies,
  sideOf,
} from "./state.ts";

/** A round has ended: the next one begins, in this half epoch or in the next. */
export function nextHalfEpochRound(
  plan: AlternatingPlan,
  state: AlternatingState,
  weights: Float32Array<ArrayBuffer>,
  event: RoundEvent,
  { previous, endsHalf }: { readonly previous: SideReplies | null; readonly endsHalf: boolean },
): Step<AlternatingState> {
  const round = state.round + 1;
  const next: AlternatingState = {
    ...state,
    round,
    startedMs: event.atMs,
    weights,
    inner: previous === null ? state.inner : state.inner + 1,
    phase: "gradients",
    quorum: openQuorum(event.atMs),
    previous,
    search: null,
    finished: state.finished || round >= plan.roundsMax,
  };
  const { objectiveEstimate } = event;
  return {
    state: endsHalf ? otherSide(plan, next, objectiveEstimate) : next,
    events: [event],
    durable: true,
  };
}

/** The first thing to ask in half an epoch: small subproblems are solved before the others. */
export function firstPhase(plan: AlternatingPlan, half: number): AlternatingPhase {
  const side = sideOf({ half });
  const small = subproblemsOf(plan.encoded, side, 0, plan.exactBelow).members.length;
  assert(small + plan.bank(side).members.length > 0, "a side has members");
  return small > 0 ? "solutions" : "gradients";
}

function otherSide(
  plan: AlternatingPlan,
  state: AlternatingState,
  objective: number,
): AlternatingState {
  const half = state.half + 1;
  const left = slopeLeft(plan.stop, Math.sqrt(state.halfSquares), objective);
  const isQuiet = isSettled(plan.stop, left);
  const quietHalves = isQuiet ? state.quietHalves + 1 : 0;
  return {
    ...state,
    half,
    phase: firstPhase(plan, half),
    inner: 0,
    settledLoss: 0,
    halfSquares: 0,
    quietHalves,
    pairs: [],
    previous: null,
    finished: state.finished || half >= plan.halves || quietHalves >= 2,
  };
}
