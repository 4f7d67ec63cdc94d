import type { WorkerReply, WorkerTask } from "../../messages.ts";
import type { Arrival, Step } from "../../strategy.ts";
import { withLesson } from "../../waiting/lesson.ts";
import { startWaiting } from "../../waiting/waiting.ts";
import { askedOnce, copyOf, type Question } from "../asking.ts";
import { suffices } from "../estimate.ts";
import type { Training } from "../method.ts";
import {
  ask,
  despair,
  hear,
  isAlone,
  isClosed,
  missingAt,
  outstanding,
  type Quorum,
  ticked,
  wakeAtMs,
} from "../quorum.ts";
import { aim } from "./aim.ts";
import { forgone, isDue, uncorrected } from "./correction.ts";
import { damageOf, divergenceOf } from "./damage.ts";
import { listeningTo } from "./listening.ts";
import { move } from "./move.ts";
import { type RoundsPlan, type RoundsState, ruleOf } from "./rounds-state.ts";

/**
 * Synchronous training: every round asks all slots for their gradient, goes on with the quorum its
 * rule accepts, and moves the weights. An optimizer that searches asks a second quorum, which may
 * consist of other slots, about the way along its direction. Where the plan is exact, some rounds
 * wait for all slots, and what those know corrects the estimates of the others.
 */
export function rounds(plan: RoundsPlan): Training<RoundsState> {
  const workers = plan.shares.storedRows.length;
  const asked = askedOnce();
  return {
    start: () => started(plan),
    progress: ({ round, weights, finished }) => ({ round, weights, finished }),
    wanted(state) {
      if (state.finished) return [];
      const question = asking(state);
      return outstanding(state.quorum, workers).map((missing) => asked(question, missing));
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      const diverged = arrival.kind === "reply" ? divergenceOf(arrival, plan) : null;
      if (diverged !== null) return { state, stuck: diverged };
      const damage = arrival.kind === "reply" ? damageOf(arrival, plan, state) : null;
      const refused = damage === null ? {} : { refused: damage };
      const rule = ruleOf(plan, state);
      const heard = { ...state, quorum: told(plan, state, rule, arrival, damage, atMs) };
      const { quorum } = heard;
      const step = isClosed(quorum, rule, atMs) ? concluded(plan, heard, atMs) : null;
      if (step !== null) return { ...withLesson(plan, heard, rule, step, atMs), ...refused };
      const stuck = despair(quorum, rule, workers, plan.patienceMs, atMs);
      const instead = stuck === null ? null : inexactly(plan, heard, stuck, atMs);
      if (instead !== null) return { ...withLesson(plan, heard, rule, instead, atMs), ...refused };
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
        besides: [asked(asking(heard), missingAt(quorum, task.slot))],
      };
    },
    listen(state) {
      const question = asking(state);
      return listeningTo(plan, state, (missing) => asked(question, missing));
    },
    resume: (state, atMs) => ({ ...state, startedMs: atMs, quorum: ask(atMs), search: null }),
    wakeAtMs: (state) =>
      wakeAtMs(state.quorum, ruleOf(plan, state), plan.patienceMs, (slots) =>
        suffices(plan.shares, slots),
      ),
  };
}

function asking({ round, search, ahead, weights }: RoundsState): Question {
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
    quorum: ask(0),
    waiting: startWaiting(plan.wait),
    search: null,
    stalled: 0,
    previous: null,
    correction: plan.exact === null ? null : uncorrected(plan.exact),
  };
}

function told(
  { patienceMs }: RoundsPlan,
  { quorum }: RoundsState,
  rule: Parameters<typeof ticked>[1],
  arrival: Arrival<WorkerTask, WorkerReply>,
  damage: string | null,
  atMs: number,
): Quorum<WorkerReply> {
  if (arrival.kind === "tick") return ticked(quorum, rule, atMs);
  const { task, outcome } = arrival;
  const counted = damage === null ? outcome : ({ kind: "lost", reason: damage } as const);
  return hear(quorum, task, counted, atMs, patienceMs);
}

/** What a closed quorum leads to; null where its code allows no estimate. */
function concluded(plan: RoundsPlan, state: RoundsState, atMs: number): Step<RoundsState> | null {
  const { optimizer } = plan;
  if (state.search !== null && optimizer.searches) return move(plan, optimizer, state, atMs);
  return aim(plan, state, isDue(plan, state), atMs);
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
  const later = forgone(correction, plan.exact!, round);
  const step = aim(plan, { ...state, correction: later }, false, atMs);
  if (step === null) return null;
  const since = correction.anchor === null ? "nothing" : `round ${correction.anchor.round}`;
  const next = Math.min(later.dueRound, plan.roundsMax - 1);
  const message =
    `round ${round} was to be exact, but ${why}; it is an estimate, corrected by ${since}, ` +
    (round + 1 >= plan.roundsMax ? "and so is the end" : `and round ${next} is the next to try`);
  return { ...step, events: [{ type: "warning", atMs, message }, ...(step.events ?? [])] };
}
