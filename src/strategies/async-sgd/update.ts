import { atSlot, emptySlotMap, type SlotMap, slotNumbers, withSlot } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { addScaled, norm, scaled } from "../../math/vector.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { addPenaltyGradient, penalty } from "../../problems/penalty.ts";
import { estimate, rowShareOf } from "../../quorum/decode.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import { isSettled, slopeLeft } from "../stop-rule.ts";
import type { AsyncEpoch, AsyncSgdPlan, AsyncSgdState, SlotGradient } from "./state.ts";

export function emptyAsyncEpoch(weightsLength: number): AsyncEpoch {
  return { slots: [], staleness: [], gradient: new Float64Array(weightsLength) };
}

/** One reply, applied: a step, and with the last of a pass its event and a checkpoint. */
export function applyReply(
  plan: AsyncSgdPlan,
  state: AsyncSgdState,
  slot: number,
  reply: WorkerReply,
  atMs: number,
): Step<AsyncSgdState> {
  const { version } = atSlot(state.open, slot)!;
  const known = taken(plan, state, slot, { reply, version });
  const way = plan.memory ? wayOfAll(plan, state, known) : wayOfOne(plan, state, slot, reply);
  // A code that cannot decode yet waits for others.
  if (way === null) return { state: { ...state, known } };
  const heard = { ...state, known: { ...known, mean: way.mean } };
  addPenaltyGradient(plan.problem.l2, state.weights, plan.shape, way.gradient);
  const pass = {
    slots: [...state.pass.slots, slot],
    staleness: [...state.pass.staleness, state.version - version],
    gradient: addScaled(state.pass.gradient.slice(), 1, way.gradient),
  };
  const weights = addScaled(state.weights.slice(), -way.stepSize, way.gradient);
  const moved = { ...heard, weights, version: state.version + 1, pass };
  const isWhole = pass.slots.length >= plan.shares.storedRows.length;
  return isWhole ? passed(plan, state.weights, moved, way, atMs) : { state: moved };
}

interface Way {
  readonly gradient: Float64Array<ArrayBuffer>;
  readonly stepSize: number;
  /** To go on from, without adding up all slots again. */
  readonly mean: Float64Array<ArrayBuffer> | null;
}

/** What is known once this reply has taken the place of its slot's last; too old ones are out. */
function taken(
  plan: AsyncSgdPlan,
  state: AsyncSgdState,
  slot: number,
  { reply, version }: { readonly reply: WorkerReply; readonly version: number },
): SlotGradient {
  const before = atSlot(state.known.replies, slot);
  const replies = withSlot(state.known.replies, slot, plan.memory ? reply : withoutValues(reply));
  const versions = withSlot(state.known.versions, slot, version);
  const expired = slotNumbers(versions).filter(
    (one) => state.version - atSlot(versions, one)! > plan.stalenessMax,
  );
  if (expired.length > 0) {
    const rest = { replies: without(replies, expired), versions: without(versions, expired) };
    return { ...rest, mean: null };
  }
  const { mean } = state.known;
  if (mean === null || before === undefined || !plan.memory)
    return { replies, versions, mean: null };
  // The same slots speak as before, so they have the same weights: only this one's part changes.
  const { encoding, storedRows, rows } = plan.shares;
  const slots = slotNumbers(replies);
  const weight = encoding.weights(slots, storedRows, rows)![slots.indexOf(slot)]! / rows;
  const less = addScaled(mean.slice(), -weight, before.values);
  return { replies, versions, mean: addScaled(less, weight, reply.values) };
}

/**
 * Along the mean of every slot's latest gradient, however old. Where slot i holds the part s_i of
 * the rows and its gradient is tau_i steps old, alpha = step / (1 + sum of s_i tau_i): they
 * do not overshoot while alpha times the sum of L_i tau_i is below 1, and L_i is about s_i L.
 */
function wayOfAll(plan: AsyncSgdPlan, state: AsyncSgdState, known: SlotGradient): Way | null {
  const slots = slotNumbers(known.replies);
  const mean = known.mean ?? estimate(plan.shares, known.replies, slots)?.values ?? null;
  if (mean === null) return null;
  const { storedRows } = plan.shares;
  let rows = 0;
  let ages = 0;
  for (const slot of slots) {
    rows += storedRows[slot]!;
    ages += storedRows[slot]! * (state.version - atSlot(known.versions, slot)!);
  }
  const stepSize = plan.stepSize(rowShareOf(plan.shares, slots)) / (1 + ages / rows);
  return { gradient: mean.slice(), stepSize, mean };
}

/**
 * Along the newest gradient alone. As stale as there are other slots is usual; a gradient that is
 * twice as stale makes half the step.
 */
function wayOfOne(
  plan: AsyncSgdPlan,
  state: AsyncSgdState,
  slot: number,
  reply: WorkerReply,
): Way | null {
  const alone = withSlot(emptySlotMap<WorkerReply>(), slot, reply);
  const mean = estimate(plan.shares, alone, [slot]);
  if (mean === null) return null;
  const usual = plan.shares.storedRows.length;
  const age = 1 + state.version - atSlot(state.open, slot)!.version;
  const stepSize = plan.stepSize(rowShareOf(plan.shares, [slot])) * Math.min(1, usual / age);
  return { gradient: mean.values, stepSize, mean: null };
}

/** A pass is over: told, and worth a checkpoint. */
function passed(
  plan: AsyncSgdPlan,
  at: Float64Array<ArrayBuffer>,
  state: AsyncSgdState,
  way: Way,
  atMs: number,
): Step<AsyncSgdState> {
  const { known, pass, round } = state;
  const { problem, shape, shares } = plan;
  const slots = slotNumbers(known.replies);
  const weights = shares.encoding.weights(slots, shares.storedRows, shares.rows);
  const losses = slots.map((slot) => atSlot(known.replies, slot)!.loss);
  const loss = losses.reduce((sum, one, i) => sum + (weights?.[i] ?? 0) * one, 0) / shares.rows;
  const mean = scaled(1 / pass.slots.length, pass.gradient);
  const gradientNorm = norm(plan.memory ? way.gradient : mean);
  const objectiveEstimate = loss + penalty(problem, at, shape);
  const left = slopeLeft(plan.stop, gradientNorm, objectiveEstimate);
  const event: RoundEvent = {
    type: "round",
    startedMs: state.startedMs,
    atMs,
    round,
    counted: [...new Set(pass.slots)].sort((a, b) => a - b),
    objectiveEstimate,
    gradientNorm,
    slopeLeft: left,
    stepSize: way.stepSize,
    staleness: pass.staleness,
  };
  const isLast = round + 1 >= plan.roundsMax || isSettled(plan.stop, left);
  const next = { startedMs: atMs, round: round + 1, finished: isLast };
  const empty = emptyAsyncEpoch(plan.weightsLength);
  return { state: { ...state, ...next, pass: empty }, events: [event], durable: true };
}

function withoutValues({ loss, computeMs }: WorkerReply): WorkerReply {
  return { loss, computeMs, values: new Float32Array(0) };
}

function without<Value>(map: SlotMap<Value>, slots: readonly number[]): SlotMap<Value> {
  const gone = new Set(slots);
  let rest = emptySlotMap<Value>();
  for (const slot of slotNumbers(map))
    if (!gone.has(slot)) rest = withSlot(rest, slot, atSlot(map, slot)!);
  return rest;
}
