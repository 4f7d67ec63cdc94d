import { addScaled } from "../../../math/vector.ts";
import type { Searcher } from "../../../optimizers/optimizer.ts";
import type { Step } from "../../strategy.ts";
import { estimate, shareOf } from "../estimate.ts";
import { answered } from "../quorum.ts";
import { tiltAlong } from "./correction.ts";
import { chooseStep } from "./line-search.ts";
import { arrive, type RoundsPlan, type RoundsState } from "./rounds-state.ts";

/** The second quorum is there: choose the step and move. */
export function move(
  plan: RoundsPlan,
  optimizer: Searcher,
  state: RoundsState,
  atMs: number,
): Step<RoundsState> | null {
  const { direction, steps, slope, round, heard } = state.search!;
  const { weights, correction, quorum } = state;
  const { problem, shares, shape } = plan;
  const slots = answered(quorum);
  const mean = estimate(shares, quorum.replies, slots);
  if (mean === null) return null;
  if (!problem.mixable)
    addScaled(mean.values, tiltAlong(shares, correction, slots, direction), steps);
  const share = Math.min(shareOf(shares, slots), shareOf(shares, round.counted));
  const line = { direction, steps, slope, weights, measured: mean.values };
  const stepSize = chooseStep(problem, shape, line, optimizer.backOff(share));
  const next = Float32Array.from(addScaled(Float64Array.from(weights), stepSize, direction));
  return arrive(plan, state, { weights: next }, { ...round, atMs, stepSize }, heard);
}
