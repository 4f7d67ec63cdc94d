import { atSlot } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { firstColumn, putUnknowns, subproblemsOf } from "../../tasks/subproblems/sides.ts";
import { solutionExtras, solvedAt } from "../../tasks/subproblems/solutions.ts";
import { slopeLeft } from "../stop-rule.ts";
import { nextHalfEpochRound } from "./schedule.ts";
import { type AlternatingPlan, type AlternatingState, sideOf } from "./state.ts";
import { alternatingObjective, unknownsPerSubproblem } from "./update.ts";

/** Every small subproblem is solved by one of these slots. */
export function isCovered(
  { encoded, exactBelow, copies }: AlternatingPlan,
  state: AlternatingState,
  slots: readonly number[],
): boolean {
  const { workers } = encoded;
  const { length } = subproblemsOf(encoded, sideOf(state), 0, exactBelow).members;
  const heard = new Set(slots);
  for (let i = 0; i < Math.min(length, workers); i++) {
    let isSolved = false;
    for (let copy = 0; copy < copies; copy++) isSolved ||= heard.has((i + copy) % workers);
    if (!isSolved) return false;
  }
  return true;
}

/** Takes the solutions in; null where some are missing. */
export function applySolutions(
  plan: AlternatingPlan,
  state: AlternatingState,
  atMs: number,
): Step<AlternatingState> | null {
  const slots = respondedSlots(state.quorum);
  if (!isCovered(plan, state, slots)) return null;
  const { encoded, exactBelow, copies } = plan;
  const side = sideOf(state);
  const first = firstColumn(encoded, side);
  const unknowns = unknownsPerSubproblem(plan);
  const weights = state.weights.slice();
  const done = new Set<number>();
  let [before, after, squares, ratings] = [0, 0, 0, 0];
  for (const slot of slots) {
    const { values } = atSlot(state.quorum.replies, slot)!;
    const { members, counts } = solvedAt(encoded, side, exactBelow, slot, copies);
    for (const [i, member] of members.entries()) {
      if (done.has(member)) continue;
      done.add(member);
      const at = i * (unknowns + solutionExtras);
      putUnknowns(weights, encoded.columns, first + member, values as Float32Array, at);
      before += values[at + unknowns]!;
      after += values[at + unknowns + 1]!;
      squares += values[at + unknowns + 2]!;
      ratings += counts[i]!;
    }
  }
  const gradientNorm = Math.sqrt(squares) / encoded.rows;
  // The ratings of the other subproblems are taken to fit as well as these.
  const loss = before * (encoded.rows / ratings);
  const objectiveEstimate = alternatingObjective(plan, state, loss);
  const event: RoundEvent = {
    type: "round",
    atMs,
    startedMs: state.startedMs,
    round: state.round,
    counted: slots,
    objectiveEstimate,
    gradientNorm,
    slopeLeft: slopeLeft(plan.stop, gradientNorm, objectiveEstimate),
    stepSize: 1,
  };
  const settled = { ...state, settledLoss: after, halfSquares: gradientNorm ** 2 };
  const endsHalf = plan.bank(side).members.length === 0;
  return nextHalfEpochRound(plan, settled, weights, event, { previous: null, endsHalf });
}
