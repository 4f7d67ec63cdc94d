import { atSlot } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { difference, dot, norm } from "../../math/vector.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { penalty } from "../../problems/penalty.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import { firstColumn, putUnknowns, takeUnknowns } from "../../tasks/subproblems/sides.ts";
import { isSettled, slopeLeft } from "../stop-rule.ts";
import {
  type CodedSubproblems,
  rowShareAt,
  type SubproblemSums,
  subproblemSumsOf,
} from "./coded-subproblems.ts";
import { nextHalfEpochRound } from "./schedule.ts";
import {
  type AlternatingPlan,
  type AlternatingState,
  type SidePair,
  type SideReplies,
  sideOf,
} from "./state.ts";

type Moved = Step<AlternatingState> | null;

/** The gradients are there: one direction a subproblem, and a question about the way. */
export function chooseDirections(
  plan: AlternatingPlan,
  state: AlternatingState,
  atMs: number,
): Moved {
  const bank = plan.bank(sideOf(state));
  const unknowns = unknownsPerSubproblem(plan);
  const slots = respondedSlots(state.quorum);
  const sums = subproblemSumsOf(bank, state.quorum.replies, slots, unknowns + 1);
  if (sums === null) return null;
  const gradients = gradientsOf(plan, state, bank, sums);
  const newest = overlapPair(plan, state, bank, slots);
  const pairs = newest === null ? state.pairs : [...state.pairs, newest].slice(-plan.pairsMax);
  const gradientNorm = norm(gradients) / plan.encoded.rows;
  const heard: SideReplies = { weights: state.weights, gradients: state.quorum.replies };
  const isFirst = state.inner === 0;
  const halfSquares = state.halfSquares + (isFirst ? gradientNorm ** 2 : 0);
  const aimed = { ...state, pairs, halfSquares };
  const loss = lossOf(sums, unknowns) + state.settledLoss;
  const objectiveEstimate = alternatingObjective(plan, state, loss);
  const left = slopeLeft(plan.stop, gradientNorm, objectiveEstimate);
  const event = {
    type: "round",
    startedMs: state.startedMs,
    round: state.round,
    counted: slots,
    objectiveEstimate,
    gradientNorm,
    slopeLeft: left,
  } as const;
  if (isSettled(plan.stop, left)) {
    const still = { ...event, atMs, stepSize: 0 };
    return nextHalfEpochRound(plan, aimed, state.weights, still, {
      previous: heard,
      endsHalf: true,
    });
  }
  const directions = directionsOf(plan, pairs, gradients);
  const slopes = slopesOf(directions, gradients, unknowns);
  const curvatureMin = curvaturesAtLeast(plan, state, bank, sums, slopes);
  const search = { directions, slopes, curvatureMin, event, heard };
  return { state: { ...aimed, phase: "curvatures", quorum: openQuorum(atMs), search } };
}

/** The second quorum is there: every subproblem takes its own step. */
export function takeSteps(plan: AlternatingPlan, state: AlternatingState, atMs: number): Moved {
  const bank = plan.bank(sideOf(state));
  const { directions, slopes, curvatureMin, event, heard } = state.search!;
  const slots = respondedSlots(state.quorum);
  const curvatures = subproblemSumsOf(bank, state.quorum.replies, slots, 1);
  if (curvatures === null) return null;
  const { columns } = plan.encoded;
  const unknowns = unknownsPerSubproblem(plan);
  const lambda = regularizationOf(plan);
  const weights = state.weights.slice();
  const first = firstColumn(plan.encoded, bank.side);
  const z = new Float64Array(unknowns);
  let steps = 0;
  for (const [i, member] of bank.members.entries()) {
    if (curvatures.known[i] === 0) continue;
    const direction = directions.subarray(i * unknowns, (i + 1) * unknowns);
    const measured = curvatures.values[i]! + lambda * dot(direction, direction);
    const curvature = Math.max(measured, curvatureMin[i]!);
    if (!(curvature > 0)) continue;
    const share = Math.min(rowShareAt(bank, i, slots), rowShareAt(bank, i, event.counted));
    const step = (-plan.optimizer.backOff(share) * slopes[i]!) / curvature;
    takeUnknowns(weights, columns, first + member, z, 0);
    for (let j = 0; j < unknowns; j++) z[j]! += step * direction[j]!;
    putUnknowns(weights, columns, first + member, z, 0);
    steps += step;
  }
  const told: RoundEvent = { ...event, atMs, stepSize: steps / bank.members.length };
  const endsHalf = state.inner + 1 >= plan.iterations;
  return nextHalfEpochRound(plan, state, weights, told, { previous: heard, endsHalf });
}

export function unknownsPerSubproblem({ problem }: AlternatingPlan): number {
  return problem.pairs!.rank + 1;
}

/** What stands beside the sum of half squared errors: n l2. */
export function regularizationOf({ problem, encoded }: AlternatingPlan): number {
  return problem.l2 * encoded.rows;
}

/** F at a state whose ratings' losses sum up to this. */
export function alternatingObjective(
  plan: AlternatingPlan,
  state: AlternatingState,
  loss: number,
): number {
  return loss / plan.encoded.rows + penalty(plan.problem, state.weights, plan.shape);
}

/** The gradient of every subproblem that is known: the ratings' sums and lambda z. */
function gradientsOf(
  plan: AlternatingPlan,
  { weights }: AlternatingState,
  bank: CodedSubproblems,
  { values, known }: SubproblemSums,
): Float64Array<ArrayBuffer> {
  const { encoded } = plan;
  const unknowns = unknownsPerSubproblem(plan);
  const lambda = regularizationOf(plan);
  const first = firstColumn(encoded, bank.side);
  const gradients = new Float64Array(bank.members.length * unknowns);
  for (const [i, member] of bank.members.entries()) {
    if (known[i] === 0) continue;
    const at = i * unknowns;
    takeUnknowns(weights, encoded.columns, first + member, gradients, at);
    for (let j = 0; j < unknowns; j++)
      gradients[at + j] = lambda * gradients[at + j]! + values[i * (unknowns + 1) + j]!;
  }
  return gradients;
}

function lossOf({ values }: SubproblemSums, unknowns: number): number {
  let loss = 0;
  for (let at = unknowns; at < values.length; at += unknowns + 1) loss += values[at]!;
  return loss;
}

/** Every subproblem's newest pair: only slots heard in both rounds speak. */
function overlapPair(
  plan: AlternatingPlan,
  { previous, quorum, weights }: AlternatingState,
  bank: CodedSubproblems,
  slots: readonly number[],
): SidePair | null {
  if (previous === null) return null;
  const unknowns = unknownsPerSubproblem(plan);
  const overlap = slots.filter((slot) => atSlot(previous.gradients, slot) !== undefined);
  if (overlap.length === 0) return null;
  const now = subproblemSumsOf(bank, quorum.replies, overlap, unknowns + 1);
  const before = subproblemSumsOf(bank, previous.gradients, overlap, unknowns + 1);
  if (now === null || before === null) return null;
  const { columns } = plan.encoded;
  const lambda = regularizationOf(plan);
  const first = firstColumn(plan.encoded, bank.side);
  const changes = new Float64Array(bank.members.length * unknowns);
  const responses = new Float64Array(changes.length);
  const moved = difference(now.values, before.values);
  const [here, there] = [new Float64Array(unknowns), new Float64Array(unknowns)];
  for (const [i, member] of bank.members.entries()) {
    if (now.known[i] === 0) continue;
    takeUnknowns(weights, columns, first + member, here, 0);
    takeUnknowns(previous.weights, columns, first + member, there, 0);
    for (let j = 0; j < unknowns; j++) {
      const change = here[j]! - there[j]!;
      changes[i * unknowns + j] = change;
      responses[i * unknowns + j] = moved[i * (unknowns + 1) + j]! + lambda * change;
    }
  }
  return { changes, responses };
}

/** The optimizer's direction for every subproblem, from its own pairs. */
function directionsOf(
  { optimizer, problem }: AlternatingPlan,
  pairs: readonly SidePair[],
  gradients: Float64Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  const unknowns = problem.pairs!.rank + 1;
  const directions = new Float32Array(gradients.length);
  for (let at = 0; at < gradients.length; at += unknowns) {
    const end = at + unknowns;
    let memory = optimizer.start();
    for (const { changes, responses } of pairs) {
      const pair = { change: changes.subarray(at, end), response: responses.subarray(at, end) };
      memory = optimizer.remember(memory, pair);
    }
    directions.set(optimizer.direction(memory, gradients.subarray(at, end)), at);
  }
  return directions;
}

/**
 * What the first quorum knows of the curvature along each direction. Its own quadratic f is never
 * negative, so it cannot fall by more than f: (d'g)^2 / (2 d'Hd) <= f. Where slots hold fewer rows
 * than there are unknowns the second quorum may see next to no curvature; this bounds the step.
 */
function curvaturesAtLeast(
  plan: AlternatingPlan,
  { weights }: AlternatingState,
  bank: CodedSubproblems,
  { values }: SubproblemSums,
  slopes: Float64Array,
): Float64Array<ArrayBuffer> {
  const unknowns = unknownsPerSubproblem(plan);
  const first = firstColumn(plan.encoded, bank.side);
  const z = new Float64Array(unknowns);
  return Float64Array.from(slopes, (slope, i) => {
    takeUnknowns(weights, plan.encoded.columns, first + bank.members[i]!, z, 0);
    const loss = values[i * (unknowns + 1) + unknowns]!;
    const quadratic = loss + (regularizationOf(plan) / 2) * dot(z, z);
    return quadratic > 0 ? (slope * slope) / (2 * quadratic) : 0;
  });
}

function slopesOf(
  directions: Float32Array,
  gradients: Float64Array,
  unknowns: number,
): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: gradients.length / unknowns }, (_, i) => {
    const [from, end] = [i * unknowns, (i + 1) * unknowns];
    return dot(directions.subarray(from, end), gradients.subarray(from, end));
  });
}
