import { atSlot } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { addScaled, norm, scaled, type Vector } from "../../math/vector.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { penalty } from "../../problems/penalty.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import { type GradientFacts, observeQuorum } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import { isSettled, slopeLeft } from "../stop-rule.ts";
import type { BlocksPlan, BlocksState } from "./state.ts";

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
  const pulls = counted.map((slot) => pullOf(plan, atSlot(quorum.replies, slot)!));
  const gradient = estimate(plan, counted, pulls);
  const gradientNorm = norm(gradient);
  // Every worker knows the sum of all losses.
  const { loss } = atSlot(quorum.replies, counted[0]!)!;
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
  const facts = plan.wait.wantsGradient ? factsOf(plan, counted, pulls, gradient) : null;
  const closed = { startedMs: askedMs, atMs, arrivals, rule: state.waiting.rule, gradient: facts };
  const { waiting, events } = observeQuorum(plan.wait, state.waiting, closed);
  const next: BlocksState = {
    ...state,
    ...(isDone ? {} : moved(plan, state, counted, pulls)),
    round: round + 1,
    startedMs: atMs,
    finished: isDone || round + 1 >= plan.roundsMax,
    quorum: openQuorum<WorkerReply>(atMs),
    waiting,
  };
  return { state: next, events: [event, ...events], durable: true };
}

/** X w and w after the steps of these slots. */
function moved(
  { rows, shape, stepSize }: BlocksPlan,
  { predictions, weights, quorum }: BlocksState,
  counted: readonly number[],
  pulls: readonly Vector[],
): Pick<BlocksState, "predictions" | "weights"> {
  const there = { predictions: predictions.slice(), weights: weights.slice() };
  for (const [i, slot] of counted.entries()) {
    addScaled(there.weights, -stepSize, pulls[i]!);
    const { values } = atSlot(quorum.replies, slot)!;
    const length = rows + shape.columns;
    for (let output = 0; output * length < values.length; output++) {
      const own = there.predictions.subarray(output * rows, (output + 1) * rows);
      addScaled(own, -stepSize, values.subarray(output * length, output * length + rows));
    }
  }
  return there;
}

/** S_i' S_i grad F of a reply: its numbers for the weights, an output after another. */
function pullOf({ rows, shape, weightsLength }: BlocksPlan, { values }: WorkerReply): Vector {
  const { columns } = shape;
  // Of one output as they came: thousands of copies a round would take longer than their sum.
  if (columns === weightsLength) return values.subarray(rows, rows + columns);
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
  pulls: readonly Vector[],
): Float64Array<ArrayBuffer> {
  const sum = new Float64Array(plan.weightsLength);
  for (const pull of pulls) addScaled(sum, 1, pull);
  const share = shareOf(plan, counted);
  return share === 0 ? sum : scaled(1 / (plan.scale * share), sum);
}

/** How far the slots' own estimates of the gradient lie apart. */
function factsOf(
  plan: BlocksPlan,
  counted: readonly number[],
  pulls: readonly Vector[],
  values: Float64Array<ArrayBuffer>,
): GradientFacts {
  let squares = 0;
  for (const [i, slot] of counted.entries()) {
    const own = estimate(plan, [slot], [pulls[i]!]);
    for (let j = 0; j < own.length; j++) squares += (own[j]! - values[j]!) ** 2;
  }
  return { values, variance: squares / Math.max(1, counted.length - 1) };
}

/** The part of all lifted features that these slots hold. */
function shareOf({ storedRows }: BlocksPlan, slots: readonly number[]): number {
  const all = storedRows.reduce((sum, count) => sum + count, 0);
  return slots.reduce((sum, slot) => sum + storedRows[slot]!, 0) / all;
}
