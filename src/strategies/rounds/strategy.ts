import type { Step } from "../../engine/strategy.ts";
import { wholeModel } from "../../ports/model-ref.ts";
import { collect } from "../../quorum/collect.ts";
import { isDecodable } from "../../quorum/decode.ts";
import { isClosed } from "../../quorum/quorum.ts";
import { openQuorum } from "../../quorum/quorum-state.ts";
import type { Request } from "../../quorum/task-cache.ts";
import { initialWaitState } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { TrainingStrategy } from "../definition.ts";
import { isAnchorDue, uncorrected, withoutAnchor } from "./correction.ts";
import { withFeedback } from "./feedback.ts";
import { finishLineSearch } from "./finish-line-search.ts";
import { type RoundsPlan, type RoundsState, ruleOf } from "./state.ts";
import { takeStep } from "./take-step.ts";
import { divergenceOf } from "./validate-reply.ts";

/**
 * Synchronous training: every round asks all slots for their gradient, goes on with the quorum its
 * rule accepts, and moves the weights. An optimizer that searches asks a second quorum, which may
 * consist of other slots, about the way along its direction. Where the plan is exact, some rounds
 * wait for all slots, and what those know corrects the estimates of the others.
 */
export function rounds(plan: RoundsPlan): TrainingStrategy<RoundsState> {
  const { isQuadratic, parameters } = plan.problem;
  const facts = { isQuadratic, parameters };
  const feedback = (state: RoundsState, step: Step<RoundsState> | null, atMs: number) =>
    step === null ? null : withFeedback(plan, state, ruleOf(plan, state), step, atMs);
  const requests = collect<RoundsState, WorkerTask, WorkerReply>({
    workers: plan.shares.storedRows.length,
    patienceMs: plan.patienceMs,
    start: () => started(plan),
    request: (state) => requestOf(plan, state),
    rule: (state) => ruleOf(plan, state),
    validate: (_state, task, reply) => invalidReply(task, reply, facts),
    diverged: (_, task, reply, invalid) => divergenceOf(plan, task, reply, invalid),
    isDecodable: (_, slots) => isDecodable(plan.shares, slots),
    close: (state, { atMs }) => feedback(state, nextStep(plan, state, atMs), atMs),
    rescue: (state, why, atMs) => feedback(state, inexactly(plan, state, why, atMs), atMs),
    reopen: (state, atMs) => ({
      ...state,
      startedMs: atMs,
      quorum: openQuorum(atMs),
      search: null,
    }),
  });
  return {
    ...requests,
    progress: ({ round, weights, finished }) => ({
      round,
      model: wholeModel(weights),
      finished,
    }),
  };
}

/** A round's gradient, or in its second half what a line search along a direction needs. */
function requestOf(
  { batch = null, gradients = null, shape }: RoundsPlan,
  { round, search, ahead, weights: at }: RoundsState,
): Request<WorkerTask> {
  const weights = ahead ?? at;
  if (batch !== null) {
    const some = {
      operation: "batch-gradient" as const,
      ...{ batch: batch.size, seed: batch.seed },
      ...(gradients === null ? {} : { gradients }),
    };
    const { columns } = shape;
    return {
      prefix: `round-${round}/gradient/`,
      subject: weights,
      task: (id, { slot, notBeforeMs }) => ({
        ...{ id, slot, round, weights, notBeforeMs, columns },
        ...some,
      }),
    };
  }
  if (search === null) {
    const operation = "gradient";
    return {
      prefix: `round-${round}/gradient/`,
      subject: weights,
      // Spread out, as objects that are put together from others take more room.
      task: (id, { slot }) =>
        gradients === null
          ? { id, slot, round, weights, operation }
          : { id, slot, round, weights, operation, gradients },
    };
  }
  const { direction, steps, retries } = search;
  const line = { operation: "along", direction, steps } as const;
  return {
    prefix: `round-${round}/along${retries === 0 ? "" : `-${retries + 1}`}/`,
    subject: search,
    task: (id, { slot }) => ({ id, slot, round, weights, ...line }),
  };
}

function started(plan: RoundsPlan): RoundsState {
  return {
    round: 0,
    startedMs: 0,
    weights: plan.initial?.() ?? new Float32Array(plan.weightsLength),
    ahead: null,
    memory: plan.optimizer.start(),
    finished: plan.roundsMax === 0,
    quorum: openQuorum(0),
    waiting: initialWaitState(plan.wait),
    search: null,
    stalled: 0,
    previous: null,
    correction: plan.exact === null ? null : uncorrected(plan.exact),
  };
}

/** What a closed quorum leads to; null where its code allows no estimate. */
function nextStep(plan: RoundsPlan, state: RoundsState, atMs: number): Step<RoundsState> | null {
  const { optimizer } = plan;
  if (state.search !== null && optimizer.searches)
    return finishLineSearch(plan, optimizer, state, atMs);
  return takeStep(plan, state, isAnchorDue(plan, state), atMs);
}

/** Not all slots answered an anchor: an ordinary round of those that did, and a word about it. */
function inexactly(
  plan: RoundsPlan,
  state: RoundsState,
  why: string,
  atMs: number,
): Step<RoundsState> | null {
  const { round, correction, quorum, waiting } = state;
  if (ruleOf(plan, state) === waiting.rule || correction === null) return null;
  if (!isClosed(quorum, waiting.rule, atMs)) return null;
  const later = withoutAnchor(correction, plan.exact!, round);
  const step = takeStep(plan, { ...state, correction: later }, false, atMs);
  if (step === null) return null;
  const since = correction.anchor === null ? "nothing" : `round ${correction.anchor.round}`;
  const next = Math.min(later.dueRound, plan.roundsMax - 1);
  const message =
    `round ${round} was to be exact, but ${why}; it is an estimate, corrected by ${since}, ` +
    (round + 1 >= plan.roundsMax ? "and so is the end" : `and round ${next} is the next to try`);
  return { ...step, events: [{ type: "warning", atMs, message }, ...(step.events ?? [])] };
}
