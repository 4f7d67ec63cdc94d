import { penalty } from "../../problems/penalty.ts";
import { isSettled, slopeLeft } from "../stop-rule.ts";
import { type Correction, withNextAnchor } from "./correction.ts";
import type { RoundsPlan, RoundsState, Search } from "./state.ts";

/** Whose gradients counted, and what they say of the loss. */
interface GradientFacts {
  readonly slots: readonly number[];
  readonly mean: { readonly loss: number };
  /** Loss and gradient are those of all data, not an estimate. */
  readonly isExact: boolean;
}

/** Norms of a gradient, or of what stands in for it under an l1 penalty. */
interface GradientSize {
  readonly norm: number;
  /** Of weights of standardised features. */
  readonly standardised: number;
}

/** The state once it is known how far the gradient has fallen. */
export function afterGradient(
  plan: RoundsPlan,
  state: RoundsState,
  { gradientNorm, slopeLeft: left = 0 }: Pick<Search["round"], "gradientNorm" | "slopeLeft">,
  isExact: boolean,
): RoundsState {
  const { correction, round } = state;
  const mayStop = isExact || correction === null;
  const finished = mayStop && isSettled(plan.stop, left);
  return { ...state, finished, correction: noted(correction, round, gradientNorm, isExact) };
}

function noted(
  correction: Correction | null,
  round: number,
  measured: number,
  isExact: boolean,
): Correction | null {
  if (correction === null) return null;
  if (!isExact) return withNextAnchor(correction, round, measured);
  return { ...correction, anchor: { ...correction.anchor!, norm: measured } };
}

export function roundEventOf(
  plan: RoundsPlan,
  state: Pick<RoundsState, "startedMs" | "round" | "weights" | "ahead">,
  { slots, mean, isExact }: GradientFacts,
  { norm, standardised }: GradientSize,
): Search["round"] {
  const { problem, shape } = plan;
  const objectiveEstimate = mean.loss + penalty(problem, state.ahead ?? state.weights, shape);
  return {
    type: "round",
    startedMs: state.startedMs,
    round: state.round,
    counted: slots,
    objectiveEstimate,
    gradientNorm: norm,
    slopeLeft: slopeLeft(plan.stop, standardised, objectiveEstimate),
    ...(isExact ? { exact: true } : {}),
  };
}
