import type { Arrival, Step } from "../../engine/strategy.ts";
import { isDecodable } from "../../quorum/decode.ts";
import {
  afterTick,
  giveUpReason,
  isAlone,
  isClosed,
  openQuorum,
  pendingAt,
  pendingSlots,
  type Quorum,
  recordReply,
  wakeAtMs,
} from "../../quorum/quorum.ts";
import { copyOf, type Request, taskCache } from "../../quorum/task-cache.ts";
import { initialWaitState } from "../../quorum/wait-policies/waiting.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import type { TrainingStrategy } from "../definition.ts";
import { isAnchorDue, uncorrected, withoutAnchor } from "./correction.ts";
import { withFeedback } from "./feedback.ts";
import { finishLineSearch } from "./finish-line-search.ts";
import { replyBatch } from "./reply-batch.ts";
import { type RoundsPlan, type RoundsState, ruleOf } from "./state.ts";
import { takeStep } from "./take-step.ts";
import { divergenceOf, invalidReply } from "./validate-reply.ts";

/**
 * Synchronous training: every round asks all slots for their gradient, goes on with the quorum its
 * rule accepts, and moves the weights. An optimizer that searches asks a second quorum, which may
 * consist of other slots, about the way along its direction. Where the plan is exact, some rounds
 * wait for all slots, and what those know corrects the estimates of the others.
 */
export function rounds(plan: RoundsPlan): TrainingStrategy<RoundsState> {
  const workers = plan.shares.storedRows.length;
  const asked = taskCache();
  return {
    start: () => started(plan),
    progress: ({ round, weights, finished }) => ({ round, weights, finished }),
    wanted(state) {
      if (state.finished) return [];
      const question = asking(state);
      return pendingSlots(state.quorum, workers).map((missing) => asked(question, missing));
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      const diverged = arrival.kind === "reply" ? divergenceOf(arrival, plan) : null;
      if (diverged !== null) return { state, stuck: diverged };
      const damage = arrival.kind === "reply" ? invalidReply(arrival, plan, state) : null;
      const refused = damage === null ? {} : { refused: damage };
      const rule = ruleOf(plan, state);
      const heard = { ...state, quorum: told(plan, state, rule, arrival, damage, atMs) };
      const { quorum } = heard;
      const step = isClosed(quorum, rule, atMs) ? concluded(plan, heard, atMs) : null;
      if (step !== null) return { ...withFeedback(plan, heard, rule, step, atMs), ...refused };
      const stuck = giveUpReason(quorum, rule, workers, plan.patienceMs, atMs);
      const instead = stuck === null ? null : inexactly(plan, heard, stuck, atMs);
      if (instead !== null)
        return { ...withFeedback(plan, heard, rule, instead, atMs), ...refused };
      const open = { state: heard, ...refused, ...(stuck === null ? {} : { stuck }) };
      if (arrival.kind === "tick") return open;
      const { task, outcome } = arrival;
      // A sound reply that closes nothing takes its own task off the list and changes no other.
      if (outcome.kind === "done" && damage === null)
        return { ...open, settled: isAlone(quorum, task.slot) };
      if (copyOf(task) > 0) return open;
      return {
        ...open,
        settled: true,
        besides: [asked(asking(heard), pendingAt(quorum, task.slot))],
      };
    },
    listen(state) {
      const question = asking(state);
      return replyBatch(plan, state, (missing) => asked(question, missing));
    },
    resume: (state, atMs) => ({
      ...state,
      startedMs: atMs,
      quorum: openQuorum(atMs),
      search: null,
    }),
    wakeAtMs: (state) =>
      wakeAtMs(state.quorum, ruleOf(plan, state), plan.patienceMs, (slots) =>
        isDecodable(plan.shares, slots),
      ),
  };
}

function asking({ round, search, ahead, weights }: RoundsState): Request {
  return { round, search, weights: ahead ?? weights };
}

function started(plan: RoundsPlan): RoundsState {
  return {
    round: 0,
    startedMs: 0,
    weights: plan.initial?.() ?? new Float32Array(plan.weightsLength),
    ahead: null,
    memory: plan.optimizer.start(),
    firstNorm: 0,
    finished: plan.roundsMax === 0,
    quorum: openQuorum(0),
    waiting: initialWaitState(plan.wait),
    search: null,
    stalled: 0,
    previous: null,
    correction: plan.exact === null ? null : uncorrected(plan.exact),
  };
}

function told(
  { patienceMs }: RoundsPlan,
  { quorum }: RoundsState,
  rule: Parameters<typeof afterTick>[1],
  arrival: Arrival<WorkerTask, WorkerReply>,
  damage: string | null,
  atMs: number,
): Quorum<WorkerReply> {
  if (arrival.kind === "tick") return afterTick(quorum, rule, atMs);
  const { task, outcome } = arrival;
  const counted = damage === null ? outcome : ({ kind: "lost", reason: damage } as const);
  return recordReply(quorum, task, counted, atMs, patienceMs);
}

/** What a closed quorum leads to; null where its code allows no estimate. */
function concluded(plan: RoundsPlan, state: RoundsState, atMs: number): Step<RoundsState> | null {
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
