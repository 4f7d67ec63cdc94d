import { penalty } from "../../problems/penalty.ts";
import { type Correction, withNextAnchor } from "./correction.ts";
import type { RoundsPlan, RoundsState, Search } from "./state.ts";

/** Whose gradients counted, and what they say of the loss. */
interface GradientFacts {
  readonly slots: readonly number[];
  readonly mean: { readonly loss: number };
  /** Loss and gradient are those of all data, not an estimate. */
  readonly isExact: boolean;
}

/** The state once it is known how far the gradient has fallen. */
export function afterGradient(
  plan: RoundsPlan,
  state: RoundsState,
  measured: number,
  isExact: boolean,
): RoundsState {
  const firstNorm = state.round === 0 ? measured : state.firstNorm;
  const { correction, round } = state;
  const mayStop = isExact || correction === null;
  const finished = mayStop && measured <= plan.tolerance * firstNorm;
  return { ...state, firstNorm, finished, correction: noted(correction, round, measured, isExact) };
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
  gradientNorm: number,
): Search["round"] {
  const { problem, shape } = plan;
  return {
    type: "round",
    startedMs: state.startedMs,
    round: state.round,
    counted: slots,
    objectiveEstimate: mean.loss + penalty(problem, state.ahead ?? state.weights, shape),
    gradientNorm,
    ...(isExact ? { exact: true } : {}),
  };
}
