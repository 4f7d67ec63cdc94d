import { atSlot } from "../../core/slot-map.ts";
import { nextTryMs } from "../../engine/backoff.ts";
import type { Arrival, Step, Strategy } from "../../engine/strategy.ts";
import { norm } from "../../math/vector.ts";
import type { Outcome } from "../../ports/compute.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { wholeModel } from "../../ports/model-ref.ts";
import { addPenaltyGradient } from "../../problems/penalty.ts";
import { type Collection, collect } from "../../quorum/collect.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import type { Request } from "../../quorum/task-cache.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { TrainingStrategy } from "../definition.ts";
import { collectSecurely } from "../secure-sums/secure-sums.ts";
import { noSecureSums } from "../secure-sums/state.ts";
import { moveWeights } from "../stepped-rounds.ts";
import type { Adding, DpSgdPlan, DpSgdState } from "./state.ts";

/**
 * Gradient descent under differential privacy: in a round every slot sums the clipped gradients of
 * a secret batch, and a sum under noise is published and stepped along. Either one slot, trusted
 * with the others' sums, adds them up and noises the total, or every slot noises its own. This
 * machine sees what is published and nothing else; a missing slot's records only do not contribute.
 */
export function dpSgd(plan: DpSgdPlan): TrainingStrategy<DpSgdState> {
  const sums = collected(plan, {
    workers: plan.workers,
    patienceMs: plan.patienceMs,
    start: () => ({
      round: 0,
      startedMs: 0,
      weights: plan.initial(),
      ahead: null,
      memory: plan.optimizer.start(),
      quorum: openQuorum(0),
      adding: null,
      finished: plan.roundsMax === 0,
      ...(plan.secure === null ? {} : { secure: noSecureSums }),
    }),
    request: (state) => sumRequest(plan, state),
    rule: () => plan.wait,
    validate: (_state, task, reply) => invalidReply(task, reply),
    close: (state, { atMs }) => useSums(plan, state, atMs),
    reopen: (state, atMs) => ({
      ...state,
      startedMs: atMs,
      quorum: openQuorum(atMs),
      adding: null,
    }),
  });
  return {
    ...sums,
    progress: ({ round, weights, finished }) => ({
      round,
      model: wholeModel(weights),
      finished,
    }),
    // Between two requests to all slots, one slot is asked to add up what they computed.
    wanted: (state) =>
      state.finished || state.adding === null
        ? sums.wanted(state)
        : [totalOf(plan, state, state.adding)],
    receive: (state, arrival, atMs) =>
      state.finished || state.adding === null
        ? sums.receive(state, arrival, atMs)
        : receiveTotal(plan, state, state.adding, arrival, atMs),
    batchReplies: (state) => (state.adding === null ? sums.batchReplies!(state) : null),
    wakeAtMs: (state) =>
      state.adding === null ? sums.wakeAtMs!(state) : state.adding.sinceMs + plan.patienceMs,
  };
}

/** Sums are put aside, published one by one, or told as what they add up to. */
function collected(
  plan: DpSgdPlan,
  collection: Collection<DpSgdState, WorkerTask, WorkerReply>,
): Strategy<DpSgdState, WorkerTask, WorkerReply> {
  const { secure: committee, weightsLength: length } = plan;
  if (committee === null) return collect(collection);
  return collectSecurely({
    collection,
    committee,
    length,
    roundOf: ({ round }) => round,
    turnOf: ({ round }) => round,
    open: (state, masks, atMs) => adding(state, atMs, { masks }),
    keepsLate: false,
  });
}

function asked({ ahead, weights }: DpSgdState): Float32Array<ArrayBuffer> {
  return ahead ?? weights;
}

function sumRequest(plan: DpSgdPlan, state: DpSgdState): Request<WorkerTask> {
  const { rate, cap, epoch, clip, published, noiseAt, secure, wait, workers: parties } = plan;
  const { round } = state;
  const batch = {
    ...{ rate, clip },
    ...(cap === undefined ? {} : { cap }),
    ...(epoch === undefined ? {} : { epoch }),
  };
  const weights = asked(state);
  if (secure !== null) {
    const { size: committee, tolerated } = secure;
    const { rule } = published;
    // Members who look together know their own shares of the noise.
    const noise = { rule, shares: wait.needed - tolerated };
    const hidden = { committee, committeeKeys: state.secure!.keys!, parties, ...noise };
    const sum = { round, weights, operation: "secure-clipped-sum", ...batch, ...hidden } as const;
    return {
      prefix: `round-${round}/sum/`,
      subject: weights,
      task: (id, { slot }) => ({ id, slot, ...sum }),
    };
  }
  const publishes = noiseAt === "workers" ? published : null;
  const sum = { round, weights, operation: "clipped-sum", ...batch, publishes } as const;
  return {
    prefix: `round-${round}/sum/`,
    subject: weights,
    task: (id, { slot }) => ({ id, slot, ...sum }),
  };
}

function totalOf({ published }: DpSgdPlan, state: DpSgdState, adding: Adding): WorkerTask {
  const { from, losses, notBeforeMs, masks } = adding;
  const total = {
    id: `round-${state.round}/total/try-${losses + 1}`,
    slot: from[losses % from.length]!,
    notBeforeMs,
    round: state.round,
    weights: asked(state),
    from: Uint32Array.from(from),
    publishes: published,
  };
  if (masks !== undefined) return { ...total, operation: "secure-total", masks };
  return { ...total, operation: "noised-sum" };
}

/** Enough slots answered: published sums are stepped along, others are added up first. */
function useSums(plan: DpSgdPlan, state: DpSgdState, atMs: number): Step<DpSgdState, WorkerTask> {
  if (plan.noiseAt === "aggregator") return adding(state, atMs);
  const from = respondedSlots(state.quorum);
  const total = new Float64Array(plan.weightsLength);
  for (const slot of from) {
    const { values } = atSlot(state.quorum.replies, slot)!;
    for (let j = 0; j < total.length; j++) total[j]! += values[j]!;
  }
  return stepped(plan, state, from, total, atMs);
}

/** The aggregator is asked. */
function adding(
  state: DpSgdState,
  atMs: number,
  more: Pick<Adding, "masks"> = {},
): Step<DpSgdState, WorkerTask> {
  const from = respondedSlots(state.quorum);
  const asks = { from, losses: 0, notBeforeMs: 0, sinceMs: atMs, trouble: null, ...more };
  return { state: { ...state, adding: asks } };
}

/** The aggregator answered, was lost, or is silent. */
function receiveTotal(
  plan: DpSgdPlan,
  state: DpSgdState,
  adding: Adding,
  arrival: Arrival<WorkerTask, WorkerReply>,
  atMs: number,
): Step<DpSgdState, WorkerTask> {
  const givesUpMs = adding.sinceMs + plan.patienceMs;
  const last = adding.trouble === null ? "" : ` (last: ${adding.trouble})`;
  const failed =
    atMs < givesUpMs ? {} : { failed: `no noised sum came for ${plan.patienceMs / 1000} s${last}` };
  if (arrival.kind === "tick") return { state, ...failed };
  const { outcome: given } = arrival;
  const invalid = given.kind === "done" ? invalidReply(arrival.task, given.result) : null;
  const outcome: Outcome<WorkerReply> =
    invalid === null ? given : { kind: "lost", reason: invalid };
  if (outcome.kind === "done") {
    const total = Float64Array.from(outcome.result.values);
    return stepped(plan, state, adding.from, total, atMs);
  }
  const losses = adding.losses + 1;
  const { id: task } = arrival.task;
  const askedMs = outcome.retryAfterMs;
  const notBeforeMs = nextTryMs({ task, losses, atMs, askedMs, givesUpMs });
  const again = { ...adding, losses, notBeforeMs, trouble: outcome.reason };
  const rejected = invalid === null ? {} : { rejected: invalid };
  return { state: { ...state, adding: again }, ...rejected, ...failed };
}

/** Everything from here on is free: it is made of what was published. */
function stepped(
  plan: DpSgdPlan,
  state: DpSgdState,
  counted: readonly number[],
  total: Float64Array<ArrayBuffer>,
  atMs: number,
): Step<DpSgdState, WorkerTask> {
  const { l2, shape } = plan;
  const { round, startedMs } = state;
  const at = asked(state);
  const open = plan.open?.(at);
  const gradient = total.map((value, j) => value / plan.divisor + (open?.[j] ?? 0));
  addPenaltyGradient(l2, at, shape, gradient);
  const stepSize = plan.optimizer.stepSize({ smoothness: 1, share: 1, round });
  const { learned, ...moved } = moveWeights(plan, state, gradient, stepSize);
  const event: RoundEvent = {
    type: "round",
    startedMs,
    atMs,
    round,
    counted: [...counted],
    // The loss over raw rows is nobody's to tell.
    objectiveEstimate: Number.NaN,
    gradientNorm: norm(gradient),
    stepSize,
    ...learned,
  };
  const next: DpSgdState = {
    round: round + 1,
    startedMs: atMs,
    ...moved,
    quorum: openQuorum(atMs),
    adding: null,
    finished: round + 1 >= plan.roundsMax,
    ...(state.secure === undefined ? {} : { secure: state.secure }),
  };
  return { state: next, events: [event], durable: true };
}
