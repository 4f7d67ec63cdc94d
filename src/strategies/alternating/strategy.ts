import type { Step } from "../../engine/strategy.ts";
import { wholeModel } from "../../ports/model-ref.ts";
import { collect } from "../../quorum/collect.ts";
import { openQuorum, type PendingSlot } from "../../quorum/quorum-state.ts";
import { initialWaitState, observeQuorum } from "../../quorum/wait-policies/policy.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { TrainingStrategy } from "../definition.ts";
import { anyIsDecodable } from "./coded-subproblems.ts";
import { applySolutions, isCovered } from "./exact-solve.ts";
import { firstPhase } from "./schedule.ts";
import { type AlternatingPlan, type AlternatingState, sideOf } from "./state.ts";
import { chooseDirections, takeSteps } from "./update.ts";

/**
 * Alternating least squares: users move while items stand still, then items. Small subproblems are
 * solved exactly by workers; the others by the optimizer, all of a side in step: a round asks every
 * slot for the gradients of all of them over rows that the slot encodes itself, and a second quorum
 * for the curvature along each direction. Every subproblem has its own pairs and its own step.
 */
export function alternating(plan: AlternatingPlan): TrainingStrategy<AlternatingState> {
  const rounds = collect<AlternatingState, WorkerTask, WorkerReply>({
    workers: plan.encoded.workers,
    patienceMs: plan.patienceMs,
    start: () => started(plan),
    request: (state) => ({
      prefix: `round-${state.round}/${state.phase}/`,
      subject: state.search ?? state.weights,
      task: (id, pending) => taskOf(plan, state, id, pending),
    }),
    rule: ({ waiting }) => waiting.rule,
    validate: (_state, task, reply) => invalidReply(task, reply, plan),
    isDecodable: (state, slots) =>
      state.phase === "solutions"
        ? isCovered(plan, state, slots)
        : anyIsDecodable(plan.bank(sideOf(state)), slots),
    close(state, { atMs }) {
      const step = nextStep(plan, state, atMs);
      return step === null ? null : withFeedback(plan, state, step, atMs);
    },
    reopen(state, atMs) {
      const phase = state.phase === "curvatures" ? "gradients" : state.phase;
      return { ...state, phase, startedMs: atMs, quorum: openQuorum(atMs), search: null };
    },
  });
  return {
    ...rounds,
    progress: ({ round, weights, finished }) => ({
      round,
      model: wholeModel(weights),
      finished,
    }),
  };
}

function started(plan: AlternatingPlan): AlternatingState {
  return {
    round: 0,
    startedMs: 0,
    weights: plan.startWeights.slice(),
    finished: plan.roundsMax === 0 || plan.halves === 0,
    half: 0,
    phase: firstPhase(plan, 0),
    inner: 0,
    quorum: openQuorum(0),
    waiting: initialWaitState(plan.wait),
    settledLoss: 0,
    halfSquares: 0,
    quietHalves: 0,
    pairs: [],
    previous: null,
    search: null,
  };
}

function taskOf(
  plan: AlternatingPlan,
  state: AlternatingState,
  id: string,
  { slot }: PendingSlot,
): WorkerTask {
  const { round, weights, phase, search } = state;
  const { exactBelow, copies, bankRows: bank } = plan;
  const common = { id, slot, round, weights, side: sideOf(state), exactBelow };
  if (phase === "solutions") return { ...common, operation: "subproblem-solutions", copies };
  if (phase === "gradients") return { ...common, bank, operation: "subproblem-gradients" };
  const direction = search!.directions;
  return { ...common, bank, operation: "subproblem-curvatures", direction };
}

/** What a closed quorum leads to; null where it allows nothing yet. */
function nextStep(
  plan: AlternatingPlan,
  state: AlternatingState,
  atMs: number,
): Step<AlternatingState> | null {
  if (state.phase === "solutions") return applySolutions(plan, state, atMs);
  return (state.phase === "gradients" ? chooseDirections : takeSteps)(plan, state, atMs);
}

function withFeedback(
  plan: AlternatingPlan,
  closed: AlternatingState,
  step: Step<AlternatingState>,
  atMs: number,
): Step<AlternatingState> {
  const { startedMs, arrivals } = closed.quorum;
  const { rule } = closed.waiting;
  const lesson = { startedMs, atMs, arrivals, rule, gradient: null };
  const { waiting, events } = observeQuorum(plan.wait, closed.waiting, lesson);
  const state = { ...step.state, waiting };
  return { ...step, state, events: [...(step.events ?? []), ...events] };
}
