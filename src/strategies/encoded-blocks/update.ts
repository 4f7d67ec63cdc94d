import { atSlot } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { norm, scaled, type Vector } from "../../math/vector.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { penalty } from "../../problems/penalty.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import { type GradientFacts, observeQuorum } from "../../quorum/wait-policies/policy.ts";
import { addReplies } from "../../tasks/batched-blocks.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import { isSettled, slopeLeft } from "../stop-rule.ts";
import { type BlocksPlan, type BlocksState, replyLength } from "./state.ts";

/**
 * The blocks that replied move, in slot order, all others stay; the next round begins, with a
 * checkpoint at its boundary. `asked` are the weights that the replies belong to.
 */
export function applyBlocks(
  plan: BlocksPlan,
  state: BlocksState,
  asked: Float32Array<ArrayBuffer>,
  atMs: number,
): Step<BlocksState> {
  const { problem, shape, rows } = plan;
  const { quorum, round, startedMs } = state;
  const counted = respondedSlots(quorum);
  const replies = counted.map((slot) => atSlot(quorum.replies, slot)!);
  const { pull, moved } = sumOf(plan, state, replies);
  const gradient = estimate(plan, counted, pull);
  const gradientNorm = norm(gradient);
  // Every worker knows the sum of all losses.
  const { loss } = replies[0]!;
  const objectiveEstimate = loss / rows + penalty(problem, asked, shape);
  const left = slopeLeft(plan.stop, gradientNorm, objectiveEstimate);
  const isDone = shareOf(plan, counted) > 0 && isSettled(plan.stop, left);
  const event: RoundEvent = {
    type: "round",
    atMs,
    startedMs,
    round,
    counted,
    objectiveEstimate,
    gradientNorm,
    slopeLeft: left,
    stepSize: isDone ? 0 : plan.stepSize,
  };
  const { startedMs: askedMs, arrivals } = quorum;
  const facts = plan.wait.wantsGradient ? factsOf(plan, counted, replies, gradient) : null;
  const closed = { startedMs: askedMs, atMs, arrivals, rule: state.waiting.rule, gradient: facts };
  const { waiting, events } = observeQuorum(plan.wait, state.waiting, closed);
  const next: BlocksState = {
    ...state,
    ...(isDone ? {} : moved),
    round: round + 1,
    startedMs: atMs,
    finished: isDone || round + 1 >= plan.roundsMax,
    quorum: openQuorum<WorkerReply>(atMs),
    waiting,
  };
  return { state: next, events: [event, ...events], durable: true };
}

/** The sum of these replies' pulls, and X w and w after their steps, in slot order. */
function sumOf(
  plan: BlocksPlan,
  { predictions, weights }: BlocksState,
  replies: readonly WorkerReply[],
): {
  readonly pull: Float64Array<ArrayBuffer>;
  readonly moved: Pick<BlocksState, "predictions" | "weights">;
} {
  const { rows, shape, stepSize } = plan;
  const { columns } = shape;
  const length = rows + columns;
  const moved = new Float64Array(replyLength(plan));
  for (let output = 0; output * length < moved.length; output++) {
    moved.set(predictions.subarray(output * rows, (output + 1) * rows), output * length);
    const own = weights.subarray(output * columns, (output + 1) * columns);
    moved.set(own, output * length + rows);
  }
  const sums = new Float64Array(moved.length);
  addReplies(replies, -stepSize, { sums, moved });
  const there = new Float64Array(predictions.length);
  for (let output = 0; output * length < moved.length; output++)
    there.set(moved.subarray(output * length, output * length + rows), output * rows);
  return {
    pull: pullOf(plan, sums),
    moved: { predictions: there, weights: pullOf(plan, moved) },
  };
}

/** Of numbers as replies have them those for the weights, an output after another. */
function pullOf({ rows, shape, weightsLength }: BlocksPlan, values: Vector) {
  const { columns } = shape;
  const pull = new Float64Array(weightsLength);
  for (let output = 0; output * columns < weightsLength; output++) {
    const from = output * (rows + columns) + rows;
    pull.set(values.subarray(from, from + columns), output * columns);
  }
  return pull;
}

/** grad F: the pulls of all slots are c times it, and those of some stand for the rest. */
function estimate(
  plan: BlocksPlan,
  counted: readonly number[],
  pull: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  const share = shareOf(plan, counted);
  return share === 0 ? pull : scaled(1 / (plan.scale * share), pull);
}

/** How far the slots' own estimates of the gradient lie apart. */
function factsOf(
  plan: BlocksPlan,
  counted: readonly number[],
  replies: readonly WorkerReply[],
  values: Float64Array<ArrayBuffer>,
): GradientFacts {
  let squares = 0;
  for (const [i, slot] of counted.entries()) {
    const own = estimate(plan, [slot], pullOf(plan, replies[i]!.values));
    for (let j = 0; j < own.length; j++) squares += (own[j]! - values[j]!) ** 2;
  }
  return { values, variance: squares / Math.max(1, counted.length - 1) };
}

/** The part of all lifted features that these slots hold. */
function shareOf({ storedRows }: BlocksPlan, slots: readonly number[]): number {
  const all = storedRows.reduce((sum, count) => sum + count, 0);
  return slots.reduce((sum, slot) => sum + storedRows[slot]!, 0) / all;
}
