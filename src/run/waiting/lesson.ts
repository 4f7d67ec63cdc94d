import { addPenaltyGradient } from "../../problems/penalty.ts";
import { estimate } from "../strategies/estimate.ts";
import { answered } from "../strategies/quorum.ts";
import type { RoundsPlan, RoundsState } from "../strategies/rounds/rounds-state.ts";
import type { Step } from "../strategy.ts";
import type { GradientFacts } from "./policy.ts";
import type { WaitRule } from "./rule.ts";
import { varianceOf } from "./spread.ts";
import { learn } from "./waiting.ts";

/** A step that a closed quorum led to, with what the run has learned from that quorum. */
export function withLesson(
  plan: RoundsPlan,
  closed: RoundsState,
  rule: WaitRule,
  step: Step<RoundsState>,
  atMs: number,
): Step<RoundsState> {
  const { startedMs, arrivals } = closed.quorum;
  const gradient = closed.search === null ? gradientFacts(plan, closed) : null;
  const quorum = { startedMs, atMs, arrivals, rule, gradient };
  const { waiting, events } = learn(plan.wait, closed.waiting, quorum);
  return {
    ...step,
    state: { ...step.state, waiting },
    events: [...(step.events ?? []), ...events],
  };
}

function gradientFacts(plan: RoundsPlan, state: RoundsState): GradientFacts | null {
  if (!plan.wait.wantsGradient) return null;
  const { replies } = state.quorum;
  const mean = estimate(plan.shares, replies, answered(state.quorum));
  if (mean === null) return null;
  const variance = varianceOf(plan.shares, replies, mean.values);
  addPenaltyGradient(plan.problem.l2, state.ahead ?? state.weights, plan.shape, mean.values);
  return { values: mean.values, variance };
}
