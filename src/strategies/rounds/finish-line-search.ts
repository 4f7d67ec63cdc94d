import type { Step } from "../../engine/strategy.ts";
import { addScaled } from "../../math/vector.ts";
import type { Searcher } from "../../optimizers/optimizer.ts";
import { estimate, type Mean, rowShareOf } from "../../quorum/decode.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import { tiltAlong } from "./correction.ts";
import { chooseStep, reach, type StepChoice, visible } from "./line-search.ts";
import { nextRound, type RoundsPlan, type RoundsState } from "./state.ts";

/** Other steps are asked about so often: 2^72 times shorter or longer ones, or 2^18 times. */
const retriesMax = { unscaled: 8, scaled: 2 };
/** After so many rounds without a step the optimizer begins anew: what it remembers misleads it. */
const stallsMax = 2;

/** The second quorum is there: choose the step and move, or ask about other steps. */
export function finishLineSearch(
  plan: RoundsPlan,
  optimizer: Searcher,
  state: RoundsState,
  atMs: number,
): Step<RoundsState> | null {
  const { direction, round, heard } = state.search!;
  const { weights, quorum } = state;
  const { shares } = plan;
  const slots = respondedSlots(quorum);
  const mean = estimate(shares, quorum.replies, slots);
  if (mean === null) return null;
  const share = Math.min(rowShareOf(shares, slots), rowShareOf(shares, round.counted));
  const choice = chosen(plan, optimizer, state, { mean, slots, share });
  if (choice.kind === "try") {
    const { steps } = choice;
    const search = { ...state.search!, steps, retries: state.search!.retries + 1 };
    return { state: { ...state, quorum: openQuorum(atMs), search } };
  }
  if (choice.kind === "none") return stand(plan, optimizer, state, { ...choice, share, atMs });
  const stepSize = choice.size;
  const next = Float32Array.from(addScaled(Float64Array.from(weights), stepSize, direction));
  if (!plan.problem.isQuadratic && next.every((weight, j) => weight === weights[j])) {
    const reason = `a step of ${stepSize.toPrecision(2)} is none that float32 weights can take`;
    return stand(plan, optimizer, state, { reason, share, atMs });
  }
  const moving = { ...state, stalled: 0 };
  return nextRound(plan, moving, { weights: next }, { ...round, atMs, stepSize }, heard);
}

interface Answer {
  readonly mean: Mean;
  readonly slots: readonly number[];
  readonly share: number;
}

/** What the second quorum says, unless it was asked often enough. */
function chosen(
  plan: RoundsPlan,
  optimizer: Searcher,
  { weights, memory, correction, search, stalled }: RoundsState,
  { mean, slots, share }: Answer,
): StepChoice {
  const { direction, steps, slope, retries } = search!;
  const { problem, shares, shape } = plan;
  const measured = mean.values;
  if (!problem.isQuadratic)
    addScaled(measured, tiltAlong(shares, correction, slots, direction), steps);
  const line = { direction, steps, slope, weights, measured };
  const isUnscaled = !optimizer.knowsScale(memory);
  const backOff = optimizer.backOff(share);
  const choice = chooseStep(problem, shape, line, { backOff, isUnscaled });
  if (choice.kind !== "try") return choice;
  const isShorter = choice.steps.at(-1)! < steps.at(-1)!;
  // Whoever stands still for long asks more than once after twice as many rounds each time.
  const mayRetry = (stalled & (stalled - 1)) === 0;
  const most = mayRetry ? retriesMax[isUnscaled ? "unscaled" : "scaled"] : 0;
  const isVisible = -slope * choice.steps.at(-1)! > visible * Math.abs(measured[0]!);
  if (retries < most && (isVisible || !isShorter)) return choice;
  if (!isShorter) return { kind: "step", size: steps.at(-1)! };
  const shown = (step: number) => step.toPrecision(2);
  const tried = `${shown(steps[1]!)} to ${shown(steps.at(-1)! * reach ** retries)}`;
  const by = slots.length === 1 ? "the slot" : `the ${slots.length} slots`;
  const reason = `no step of ${tried} lowers the objective of ${by} that answered`;
  return { kind: "none", reason };
}

interface Standstill {
  readonly reason: string;
  readonly share: number;
  readonly atMs: number;
}

/** No step was found: the round ends where it began, and says why. */
function stand(
  plan: RoundsPlan,
  optimizer: Searcher,
  state: RoundsState,
  { reason, share, atMs }: Standstill,
): Step<RoundsState> {
  const { weights, search } = state;
  const { round, heard } = search!;
  const stalled = state.stalled + 1;
  // All slots agree that even the gradient's own way leads nowhere: so it will in every round.
  const isEnd = share >= 1 && !optimizer.knowsScale(state.memory);
  const memory = stalled < stallsMax ? state.memory : optimizer.start();
  const standing = { ...state, stalled, memory, finished: state.finished || isEnd };
  return nextRound(
    plan,
    standing,
    { weights },
    { ...round, atMs, stepSize: 0, stood: reason },
    heard,
  );
}
