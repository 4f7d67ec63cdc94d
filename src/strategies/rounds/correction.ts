import { atSlot, type SlotMap } from "../../core/slot-map.ts";
import { addScaled, difference, dot } from "../../math/vector.ts";
import { estimate, type Mean, type RowCounts } from "../../quorum/decode.ts";
import type { WaitRule } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";

/** How estimates are corrected so that training ends at the optimum itself. */
export interface ExactPlan {
  /** The most rounds from one anchor to the next. */
  readonly everyRounds: number;
  /** Whom an anchor waits for: all slots, or it would not be exact. */
  readonly wait: WaitRule;
}

/** What is known exactly, and when it is to be known anew. */
export interface Correction {
  readonly anchor: Anchor | null;
  /** The one before it, where the way from one to the next helps to place a third. */
  readonly before: Anchor | null;
  /** From this round on, all slots are waited for. */
  readonly dueRound: number;
  /** How often in a row that was in vain. */
  readonly missed: number;
}

/** A point at which every slot's gradient is known, hence the exact gradient of the objective. */
export interface Anchor {
  readonly round: number;
  readonly point: Float64Array<ArrayBuffer>;
  readonly replies: SlotMap<WorkerReply>;
  /** Exact mean of loss and gradient over all data, without penalties. */
  readonly mean: Mean;
  /** What the stopping rule looks at, at this point. */
  readonly norm: number;
}

/** A new anchor is due once the corrected gradient fell to this part of the last anchor's. */
const fall = 0.3;

/** At first estimates are as good as any: the way is long, and none of it known exactly. */
export function uncorrected({ everyRounds }: ExactPlan): Correction {
  return { anchor: null, before: null, dueRound: 2 * everyRounds, missed: 0 };
}

interface Standing {
  readonly round: number;
  readonly correction: Correction | null;
}

/** This round waits for all slots: the last one does in any case. */
export function isAnchorDue(
  plan: { readonly exact: ExactPlan | null; readonly roundsMax: number },
  { round, correction }: Standing,
): boolean {
  if (plan.exact === null || correction === null) return false;
  return round >= correction.dueRound || round + 1 >= plan.roundsMax;
}

/** After an ordinary round: whether the next one is to be an anchor. */
export function withNextAnchor(correction: Correction, round: number, norm: number): Correction {
  const { anchor } = correction;
  const isFar = anchor !== null && norm <= fall * anchor.norm;
  return isFar ? { ...correction, dueRound: Math.min(correction.dueRound, round + 1) } : correction;
}

/** After an anchor that not all slots answered: the next try is twice as far off each time. */
export function withoutAnchor(correction: Correction, exact: ExactPlan, round: number): Correction {
  const missed = correction.missed + 1;
  return { ...correction, missed, dueRound: round + exact.everyRounds * 2 ** missed };
}

/**
 * The mean over all data at `weights` as `slots` estimate it, corrected by what is known at the
 * anchor: est_A(g(w) - g(a)) + g(a). What the slots say about the way from the anchor is an
 * estimate; what remains at the anchor itself is exact. Null where the code allows no estimate.
 */
export function correctedMean(
  shares: RowCounts,
  correction: Correction | null,
  replies: SlotMap<WorkerReply>,
  slots: readonly number[],
  weights: Float32Array<ArrayBuffer>,
): Mean | null {
  const now = estimate(shares, replies, slots);
  const anchor = correction?.anchor ?? null;
  if (now === null || anchor === null) return now;
  const then = estimateAt(shares, anchor, slots);
  if (then === null) return now;
  const tilt = difference(anchor.mean.values, then.values);
  const way = difference(weights, anchor.point);
  return {
    loss: now.loss - then.loss + anchor.mean.loss + dot(tilt, way),
    values: addScaled(now.values, 1, tilt),
  };
}

/** What the correction adds to the losses that `slots` measure a unit along `direction`. */
export function tiltAlong(
  shares: RowCounts,
  correction: Correction | null,
  slots: readonly number[],
  direction: Float32Array<ArrayBuffer>,
): number {
  const anchor = correction?.anchor ?? null;
  if (anchor === null) return 0;
  const then = estimateAt(shares, anchor, slots);
  return then === null ? 0 : dot(anchor.mean.values, direction) - dot(then.values, direction);
}

/** What these slots would have made of the anchor, had only they replied. */
function estimateAt(shares: RowCounts, anchor: Anchor, slots: readonly number[]): Mean | null {
  const known = slots.filter((slot) => atSlot(anchor.replies, slot) !== undefined);
  return known.length === 0 ? null : estimate(shares, anchor.replies, known);
}
