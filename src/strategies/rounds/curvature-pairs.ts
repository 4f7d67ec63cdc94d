import { atSlot, slotNumbers } from "../../core/slot-map.ts";
import { difference } from "../../math/vector.ts";
import type { Memory } from "../../optimizers/optimizer.ts";
import { addPenaltyGradient } from "../../problems/penalty.ts";
import { estimate, isDecodable } from "../../quorum/decode.ts";
import { scaledChange, scaledGradient } from "./scaling.ts";
import type { RoundsPlan, RoundsState } from "./state.ts";

/** The optimizer's memory with the newest overlap pair: only slots heard in both rounds speak. */
export function withCurvaturePair(
  plan: RoundsPlan,
  state: RoundsState,
  slots: readonly number[],
): Memory {
  const { previous, memory, quorum, weights } = state;
  const { optimizer, shares } = plan;
  if (!optimizer.searches || previous === null) return memory;
  const overlap = slots.filter((slot) => atSlot(previous.gradients, slot) !== undefined);
  if (overlap.length === 0) return memory;
  // A code that waits until it can decode gives exact sums: then any two rounds make a pair.
  const [nowSlots, beforeSlots] = isDecodable(shares, overlap)
    ? [overlap, overlap]
    : [slots, slotNumbers(previous.gradients)];
  const now = estimate(shares, quorum.replies, nowSlots);
  const before = estimate(shares, previous.gradients, beforeSlots);
  if (now === null || before === null) return memory;
  const change = difference(weights, previous.weights);
  const response = difference(now.values, before.values);
  addPenaltyGradient(plan.problem.l2, change, plan.shape, response);
  const { scaling = null } = plan;
  return optimizer.remember(memory, {
    change: scaledChange(scaling, change),
    response: scaledGradient(scaling, response),
  });
}
