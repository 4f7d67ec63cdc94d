import { atSlot, emptySlotMap, type SlotMap, slotsOf } from "../../core/slot-map.ts";
import { addScaled, difference, dot, isFiniteVector, norm } from "../../math/vector.ts";
import type { Memory, Optimizer } from "../../optimizers/optimizer.ts";
import type { Outcome } from "../../ports/compute.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { addPenaltyGradient, penalty, type WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";
import type { WorkerReply, WorkerTask } from "../messages.ts";
import type { Step } from "../strategy.ts";
import { askedOnce } from "./asking.ts";
import { estimate, type Shares, shareOf, suffices } from "./estimate.ts";
import { chooseStep, trialSteps } from "./line-search.ts";
import type { Training } from "./method.ts";
import {
  answered,
  ask,
  despair,
  hear,
  isClosed,
  outstanding,
  type Quorum,
  wakeAtMs,
} from "./quorum.ts";
import type { WaitRule } from "./wait.ts";

export interface RoundsPlan {
  readonly problem: Problem;
  readonly optimizer: Optimizer;
  readonly shares: Shares;
  readonly wait: WaitRule;
  readonly shape: WeightShape;
  readonly weightsLength: number;
  /** Largest eigenvalue of X'X/n; only where the optimizer needs it. */
  readonly largestEigenvalue: number;
  readonly roundsMax: number;
  /** Stop when the gradient's norm is below this part of the first round's. */
  readonly tolerance: number;
  readonly patienceMs: number;
}

export interface RoundsState {
  readonly round: number;
  readonly startedMs: number;
  readonly weights: Float32Array<ArrayBuffer>;
  readonly memory: Memory;
  readonly firstNorm: number;
  readonly finished: boolean;
  readonly quorum: Quorum<WorkerReply>;
  /** Set in the second half of a round: the line search along a direction. */
  readonly search: Search | null;
  /** The last round's gradients, for the overlap pair. */
  readonly previous: Previous | null;
}

interface Search {
  readonly direction: Float32Array<ArrayBuffer>;
  readonly steps: Float64Array<ArrayBuffer>;
  /** d'g of the estimate, penalty included. */
  readonly slope: number;
  readonly round: Omit<RoundEvent, "atMs" | "stepSize">;
  readonly gradients: SlotMap<WorkerReply>;
}

interface Previous {
  readonly weights: Float32Array<ArrayBuffer>;
  readonly gradients: SlotMap<WorkerReply>;
}

/**
 * Synchronous training: every round asks all slots for their gradient, goes on with the quorum its
 * rule accepts, and moves the weights. An optimizer that searches asks a second quorum, which may
 * consist of other slots, about the way along its direction.
 */
export function rounds(plan: RoundsPlan): Training<RoundsState> {
  const workers = plan.shares.storedRows.length;
  const asked = askedOnce();
  return {
    start: () => ({
      round: 0,
      startedMs: 0,
      weights: new Float32Array(plan.weightsLength),
      memory: plan.optimizer.start(),
      firstNorm: 0,
      finished: plan.roundsMax === 0,
      quorum: ask(0),
      search: null,
      previous: null,
    }),
    progress: ({ round, weights, finished }) => ({ round, weights, finished }),
    wanted(state) {
      if (state.finished) return [];
      return outstanding(state.quorum, workers).map((missing) => asked(state, missing));
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      let { quorum } = state;
      const damage = arrival.kind === "reply" ? damageOf(arrival, plan, state) : null;
      if (arrival.kind === "reply") {
        const { task, outcome } = arrival;
        const lost = damage === null ? outcome : ({ kind: "lost", reason: damage } as const);
        quorum = hear(quorum, task.slot, lost, atMs);
      }
      const heard = { ...state, quorum };
      const refused = damage === null ? {} : { refused: damage };
      if (isClosed(quorum, plan.wait, atMs)) {
        const step = heard.search === null ? aim(plan, heard, atMs) : move(plan, heard, atMs);
        if (step !== null) return { ...step, ...refused };
      }
      const stuck = despair(quorum, plan.wait, workers, plan.patienceMs, atMs);
      // A sound reply that closes nothing takes its own task off the list and changes no other.
      const settled = arrival.kind === "reply" && arrival.outcome.kind === "done" && !damage;
      return { state: heard, ...refused, settled, ...(stuck === null ? {} : { stuck }) };
    },
    resume: (state, atMs) => ({ ...state, startedMs: atMs, quorum: ask(atMs), search: null }),
    wakeAtMs: (state) =>
      wakeAtMs(state.quorum, plan.wait, plan.patienceMs, (slots) => suffices(plan.shares, slots)),
  };
}

/** Why a reply is as good as lost: the wrong length, or numbers that are none. Null for sound. */
function damageOf(
  { task, outcome }: { task: WorkerTask; outcome: Outcome<WorkerReply> },
  plan: RoundsPlan,
  state: RoundsState,
): string | null {
  if (outcome.kind === "lost") return null;
  const { loss, values } = outcome.result;
  const along = plan.problem.mixable ? 1 : (state.search?.steps.length ?? 0);
  const length = task.operation === "gradient" ? plan.weightsLength : along;
  if (values.length !== length) return `its reply has ${values.length} numbers, not ${length}`;
  const isSound = Number.isFinite(loss) && isFiniteVector(values);
  return isSound ? null : "its reply holds numbers that are none";
}

/** The gradients are there: find the direction, and either move or ask about the way. */
function aim(plan: RoundsPlan, state: RoundsState, atMs: number): Step<RoundsState> | null {
  const { problem, optimizer, shares, shape } = plan;
  const slots = answered(state.quorum);
  const mean = estimate(shares, state.quorum.replies, slots);
  if (mean === null) return null;
  addPenaltyGradient(problem.l2, state.weights, shape, mean.values);
  const gradientNorm = norm(mean.values);
  const memory = remembered(plan, state, slots);
  const direction = Float32Array.from(optimizer.direction(memory, mean.values));
  const round: Search["round"] = {
    type: "round",
    startedMs: state.startedMs,
    round: state.round,
    counted: slots,
    objectiveEstimate: mean.loss + penalty(problem, state.weights, shape),
    gradientNorm,
  };
  const firstNorm = state.round === 0 ? gradientNorm : state.firstNorm;
  const aimed = { ...state, memory, firstNorm };
  if (gradientNorm <= plan.tolerance * firstNorm)
    return arrive({ ...aimed, finished: true }, state.weights, { ...round, atMs, stepSize: 0 });
  const gradients = state.quorum.replies;
  if (!optimizer.searches) {
    const share = shareOf(shares, slots);
    const smoothness = problem.smoothness(plan.largestEigenvalue) + problem.l2;
    const stepSize = optimizer.step({ smoothness, share });
    const weights = moved(state.weights, direction, stepSize);
    return arrive(ended(plan, aimed), weights, { ...round, atMs, stepSize }, gradients);
  }
  const slope = dot(direction, mean.values);
  const steps = trialSteps(memory.pairs.length === 0 ? 1 / gradientNorm : 1);
  const search = { direction, steps, slope, round, gradients };
  return { state: { ...aimed, quorum: ask(atMs), search } };
}

/** The second quorum is there: choose the step and move. */
function move(plan: RoundsPlan, state: RoundsState, atMs: number): Step<RoundsState> | null {
  const search = state.search!;
  const slots = answered(state.quorum);
  const mean = estimate(plan.shares, state.quorum.replies, slots);
  if (mean === null) return null;
  const share = Math.min(shareOf(plan.shares, slots), shareOf(plan.shares, search.round.counted));
  const stepSize = chooseStep(
    plan,
    { ...search, weights: state.weights, measured: mean.values },
    share,
  );
  const weights = moved(state.weights, search.direction, stepSize);
  const round = { ...search.round, atMs, stepSize };
  return arrive(ended(plan, { ...state, search: null }), weights, round, search.gradients);
}

/** The optimizer's memory with the newest overlap pair: only slots heard in both rounds speak. */
function remembered(plan: RoundsPlan, state: RoundsState, slots: readonly number[]): Memory {
  const { previous, memory } = state;
  if (!plan.optimizer.wantsPairs || previous === null) return memory;
  const overlap = slots.filter((slot) => atSlot(previous.gradients, slot) !== undefined);
  if (overlap.length === 0) return memory;
  // A code that waits until it can decode gives exact sums: then any two rounds make a pair.
  const [nowSlots, beforeSlots] = suffices(plan.shares, overlap)
    ? [overlap, overlap]
    : [slots, slotsOf(previous.gradients)];
  const now = estimate(plan.shares, state.quorum.replies, nowSlots);
  const before = estimate(plan.shares, previous.gradients, beforeSlots);
  if (now === null || before === null) return memory;
  const change = difference(state.weights, previous.weights);
  const response = difference(now.values, before.values);
  addPenaltyGradient(plan.problem.l2, change, plan.shape, response);
  return plan.optimizer.remember(memory, { change, response });
}

function moved(
  weights: Float32Array<ArrayBuffer>,
  direction: Float32Array<ArrayBuffer>,
  stepSize: number,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(addScaled(Float64Array.from(weights), stepSize, direction));
}

function ended(plan: RoundsPlan, state: RoundsState): RoundsState {
  return { ...state, finished: state.round + 1 >= plan.roundsMax };
}

/** The next round begins, with a checkpoint at its boundary. */
function arrive(
  state: RoundsState,
  weights: Float32Array<ArrayBuffer>,
  event: RoundEvent,
  gradients: SlotMap<WorkerReply> = emptySlotMap(),
): Step<RoundsState> {
  const next = {
    ...state,
    round: state.round + 1,
    startedMs: event.atMs,
    weights,
    quorum: ask<WorkerReply>(event.atMs),
    search: null,
    previous: { weights: state.weights, gradients },
  };
  return { state: next, events: [event], durable: true };
}
