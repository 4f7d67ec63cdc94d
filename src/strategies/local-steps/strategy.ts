import { decompress } from "../../compression/payload.ts";
import { RunError } from "../../core/errors.ts";
import { atSlot, slotMapOf } from "../../core/slot-map.ts";
import { isFiniteVector } from "../../math/vector.ts";
import type { Outcome } from "../../ports/compute.ts";
import {
  afterTick,
  giveUpReason,
  isAlone,
  isClosed,
  openQuorum,
  type PendingSlot,
  pendingAt,
  pendingSlots,
  recordReply,
  wakeAtMs,
} from "../../quorum/quorum.ts";
import { copyOf, taskNameOf } from "../../quorum/task-cache.ts";
import type { WaitRule } from "../../quorum/wait-policies/rule.ts";
import { initialWaitState } from "../../quorum/wait-policies/waiting.ts";
import type { LocalStepsTask, WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import type { TrainingStrategy } from "../definition.ts";
import { learningRatesFrom } from "./learning-rates.ts";
import {
  emptyEpoch,
  hasWorkerState,
  type LocalStepsPlan,
  type LocalStepsState,
  noTraffic,
  withTraffic,
} from "./state.ts";
import { applyUpdates, modelBits } from "./update.ts";

/**
 * Qsparse-local-SGD. Every slot takes steps of its own from the model it downloaded last and tells
 * its way, compressed; a quorum's ways together are an update, after which those who replied
 * download the new model. Who did not goes on from the old one, and its way counts when it comes.
 * Asynchronously a quorum is one reply.
 */
export function localSteps(plan: LocalStepsPlan): TrainingStrategy<LocalStepsState> {
  const workers = plan.parts.length;
  return {
    start: () => started(plan),
    progress: ({ round, weights, finished, traffic }) => ({
      round,
      weights: Float32Array.from(weights),
      finished,
      traffic,
    }),
    wanted(state) {
      if (state.finished) return [];
      return pendingSlots(state.quorum, workers).map((missing) => taskOf(plan, state, missing));
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      const rule = ruleOf(plan, state);
      const { patienceMs } = plan;
      if (arrival.kind === "tick") {
        const heard = { ...state, quorum: afterTick(state.quorum, rule, atMs) };
        if (isClosed(heard.quorum, rule, atMs)) return applyUpdates(plan, heard, rule, atMs);
        return { state: heard, ...stuck(plan, heard, rule, atMs) };
      }
      const { task, outcome } = arrival;
      const damage = outcome.kind === "done" ? damageOf(plan, outcome.result) : null;
      // A network's loss that is no number is none for whoever computes it: asking again is vain.
      if (damage === noNumbers && plan.problem.parameters !== undefined)
        return { state, stuck: divergence(state, task, outcome) };
      const refused = damage === null ? {} : { refused: damage };
      const counted = damage === null ? outcome : ({ kind: "lost", reason: damage } as const);
      const quorum = recordReply(state.quorum, task, counted, atMs, patienceMs);
      if (counted.kind === "done") {
        const heard = { ...state, quorum };
        if (isClosed(quorum, rule, atMs)) return applyUpdates(plan, heard, rule, atMs);
        return {
          state: heard,
          settled: isAlone(quorum, task.slot),
          ...stuck(plan, heard, rule, atMs),
        };
      }
      // It is asked again, and its weights are sent again.
      const heard = { ...state, quorum, pass: withBitsDown(state, modelBits(plan)) };
      const open = { state: heard, ...refused, ...stuck(plan, heard, rule, atMs) };
      if (copyOf(task) > 0) return open;
      const again = taskOf(plan, heard, pendingAt(quorum, task.slot));
      return { ...open, settled: true, besides: [again] };
    },
    resume(state, atMs) {
      const pass = withBitsDown(state, workers * modelBits(plan));
      return { ...state, startedMs: atMs, quorum: openQuorum(atMs), pass };
    },
    wakeAtMs: (state) => wakeAtMs(state.quorum, ruleOf(plan, state), plan.patienceMs, () => true),
  };
}

/** Asynchronously every reply is as good as a quorum. */
const one: WaitRule = { needed: 1, enough: 1, deadlineMs: Number.POSITIVE_INFINITY };

function ruleOf({ asynchronous }: LocalStepsPlan, { waiting }: LocalStepsState): WaitRule {
  return asynchronous ? one : waiting.rule;
}

function started(plan: LocalStepsPlan): LocalStepsState {
  const workers = plan.parts.length;
  const turn = { version: 0, memory: null };
  const weights = plan.initial();
  return {
    round: 0,
    version: 0,
    startedMs: 0,
    weights,
    ahead: null,
    models: [{ version: 0, weights: Float32Array.from(weights) }],
    turns: slotMapOf(Array.from({ length: workers }, (_, slot) => [slot, turn] as const)),
    quorum: openQuorum(0),
    waiting: initialWaitState(plan.wait),
    outer: plan.outer?.start() ?? {},
    known: plan.feedback === "ef21" ? new Float64Array(weights.length) : null,
    pass: { ...emptyEpoch, traffic: { bitsDown: workers * modelBits(plan), bitsUp: 0 } },
    traffic: noTraffic,
    forgotten: 0,
    firstNorm: 0,
    finished: plan.roundsMax === 0,
  };
}

function taskOf(
  plan: LocalStepsPlan,
  state: LocalStepsState,
  missing: PendingSlot,
): LocalStepsTask {
  const { slot, notBeforeMs } = missing;
  const { version, memory } = atSlot(state.turns, slot)!;
  return {
    id: `turn-${version}/${taskNameOf(missing)}`,
    slot,
    round: version,
    notBeforeMs,
    operation: "local-steps",
    weights: state.models.find((model) => model.version === version)!.weights,
    rates: learningRatesFrom(plan.rate, version * plan.steps, plan.steps),
    batch: plan.batch,
    momentum: plan.momentum,
    shape: plan.shape,
    seed: plan.seed,
    compression: plan.compression,
    feedback: plan.feedback,
    memory: hasWorkerState(plan) ? memory : null,
  };
}

const noNumbers = "its reply holds numbers that are none";

function divergence(
  { round }: LocalStepsState,
  { slot }: WorkerTask,
  outcome: Outcome<WorkerReply>,
): string {
  const loss = outcome.kind === "done" ? outcome.result.loss : Number.NaN;
  return (
    `the loss of slot ${slot} in round ${round} is ${loss}, its change no numbers: the steps ` +
    "were too large (lower strategy.learningRate, or the optimizer's where there is one)"
  );
}

/** Why a reply is as good as lost: no payload that can be read, or numbers that are none. */
function damageOf(plan: LocalStepsPlan, { loss, payload }: WorkerReply): string | null {
  if (payload === undefined) return "its reply has no payload";
  try {
    const values = decompress(payload, plan.weightsLength);
    const isSound = Number.isFinite(loss) && isFiniteVector(values);
    return isSound ? null : noNumbers;
  } catch (thrown) {
    if (thrown instanceof RunError) return `its reply is damaged: ${thrown.message}`;
    throw thrown;
  }
}

function withBitsDown({ pass }: LocalStepsState, bitsDown: number): LocalStepsState["pass"] {
  return { ...pass, traffic: withTraffic(pass.traffic, { bitsDown, bitsUp: 0 }) };
}

function stuck(
  plan: LocalStepsPlan,
  { quorum }: LocalStepsState,
  rule: WaitRule,
  atMs: number,
): { readonly stuck?: string } {
  const why = giveUpReason(quorum, rule, plan.parts.length, plan.patienceMs, atMs);
  return why === null ? {} : { stuck: why };
}
