import type { Step } from "../../engine/strategy.ts";
import { addPenaltyGradient } from "../../problems/penalty.ts";
import { estimate, varianceOf } from "../../quorum/decode.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import {
  type GradientFacts,
  observeQuorum,
  type WaitRule,
} from "../../quorum/wait-policies/policy.ts";
import type { RoundsPlan, RoundsState } from "./state.ts";

/** A step that a closed quorum led to, with what the run has learned from that quorum. */
export function withFeedback(
  plan: RoundsPlan,
  closed: RoundsState,
  rule: WaitRule,
  step: Step<RoundsState>,
  atMs: number,
): Step<RoundsState> {
  const { startedMs, arrivals } = closed.quorum;
  const gradient = closed.search === null ? gradientFacts(plan, closed) : null;
  const quorum = { startedMs, atMs, arrivals, rule, gradient };
  const { waiting, events } = observeQuorum(plan.wait, closed.waiting, quorum);
  return {
    ...step,
    state: { ...step.state, waiting },
    events: [...(step.events ?? []), ...events],
  };
}

function gradientFacts(plan: RoundsPlan, state: RoundsState): GradientFacts | null {
  if (!plan.wait.wantsGradient) return null;
  const { replies } = state.quorum;
  const mean = estimate(plan.shares, replies, respondedSlots(state.quorum));
  if (mean === null) return null;
  const variance = varianceOf(plan.shares, replies, mean.values);
  addPenaltyGradient(plan.problem.l2, state.ahead ?? state.weights, plan.shape, mean.values);
  return { values: mean.values, variance };
}
