import { atSlot, slotMapOf } from "../../core/slot-map.ts";
import type { Strategy } from "../../engine/strategy.ts";
import { wholeModel } from "../../ports/model-ref.ts";
import { type Collection, collect } from "../../quorum/collect.ts";
import { openQuorum, type PendingSlot } from "../../quorum/quorum-state.ts";
import { initialWaitState, type WaitRule } from "../../quorum/wait-policies/policy.ts";
import type { LocalStepsTask } from "../../tasks/local-steps.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { SecureLocalStepsTask } from "../../tasks/secure-local-steps.ts";
import { noNumbers } from "../../tasks/valid-reply.ts";
import type { TrainingStrategy } from "../definition.ts";
import { collectSecurely } from "../secure-sums/secure-sums.ts";
import { noSecureSums } from "../secure-sums/state.ts";
import { ratesOfTurn } from "./learning-rates.ts";
import {
  emptyEpoch,
  hasWorkerState,
  type LocalStepsPlan,
  type LocalStepsState,
  noTraffic,
  withTraffic,
} from "./state.ts";
import { applyUpdates, sumUnderMasks } from "./update.ts";
import { modelBits } from "./weights-down.ts";

/**
 * Qsparse-local-SGD. Every slot takes steps of its own from the model it downloaded last and tells
 * its way, compressed; a quorum's ways together are an update, after which those who replied
 * download the new model. Who did not goes on from the old one, and its way counts when it comes.
 * Asynchronously a quorum is one reply.
 */
export function localSteps(plan: LocalStepsPlan): TrainingStrategy<LocalStepsState> {
  const workers = plan.parts.length;
  const facts = { parameters: plan.problem.parameters };
  const updates = collected(plan, {
    workers,
    patienceMs: plan.patienceMs,
    start: () => started(plan),
    // Slots are at different versions: a task's name begins with its slot's own.
    request: (state) => {
      const ratesAt = remembered((version) => ratesOfTurn(plan, version));
      return {
        prefix: "",
        subject: state.turns,
        task: (name, pending) => taskOf(plan, state, name, pending, ratesAt),
      };
    },
    rule: (state) => ruleOf(plan, state),
    validate: (_state, task, reply) => invalidReply(task, reply, facts),
    // A network's loss that is no number is none for whoever computes it: asking again is vain.
    diverged: (state, { slot }, { loss }, invalid) =>
      invalid === noNumbers && plan.problem.parameters !== undefined
        ? divergence(state, slot, loss)
        : null,
    close: (state, { atMs, cause }) =>
      cause === "lost" ? null : applyUpdates(plan, state, ruleOf(plan, state), atMs),
    // A lost task is sent again, its weights with it.
    afterLoss: (state) => ({ ...state, pass: withBitsDown(state, modelBits(plan)) }),
    reopen(state, atMs) {
      const pass = withBitsDown(state, workers * modelBits(plan));
      return { ...state, startedMs: atMs, quorum: openQuorum(atMs), pass };
    },
  });
  return {
    ...updates,
    progress: ({ round, weights, finished, traffic }) => ({
      round,
      model: wholeModel(Float32Array.from(weights)),
      finished,
      traffic,
    }),
  };
}

/** Changes are told one by one, or as what they add up to. */
function collected(
  plan: LocalStepsPlan,
  collection: Collection<LocalStepsState, WorkerTask, WorkerReply>,
): Strategy<LocalStepsState, WorkerTask, WorkerReply> {
  const { secure: committee, weightsLength } = plan;
  if (committee === null) return collect(collection);
  return collectSecurely({
    collection,
    committee,
    length: weightsLength + 1,
    roundOf: ({ version }) => version,
    turnOf: ({ turns }, slot) => atSlot(turns, slot)!.version,
    open: (state, masks, atMs) =>
      applyUpdates(plan, state, ruleOf(plan, state), atMs, sumUnderMasks(state, masks)),
    keepsLate: true,
  });
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
    finished: plan.roundsMax === 0,
    ...(plan.secure === null ? {} : { secure: noSecureSums }),
  };
}

function taskOf(
  plan: LocalStepsPlan,
  state: LocalStepsState,
  name: string,
  { slot }: PendingSlot,
  ratesAt: (version: number) => Float64Array<ArrayBuffer>,
): LocalStepsTask | SecureLocalStepsTask {
  const { version, memory } = atSlot(state.turns, slot)!;
  const common = {
    id: `turn-${version}/${name}`,
    slot,
    round: version,
    weights: state.models.find((model) => model.version === version)!.weights,
    rates: ratesAt(version),
    batch: plan.batch,
    shape: plan.shape,
    seed: plan.seed,
  };
  if (plan.secure !== null)
    return {
      ...common,
      operation: "secure-local-steps",
      committee: plan.secure.size,
      committeeKeys: state.secure!.keys!,
      parties: plan.parts.length,
      part: plan.parts[slot]!,
    };
  return {
    ...common,
    operation: "local-steps",
    momentum: plan.momentum,
    compression: plan.compression,
    feedback: plan.feedback,
    memory: hasWorkerState(plan) ? memory : null,
    ...(plan.gradients ? { gradients: plan.gradients } : {}),
  };
}

/** Few versions are under way, and thousands of tasks. */
function remembered<Made>(make: (version: number) => Made): (version: number) => Made {
  const known = new Map<number, Made>();
  return (version) => {
    const made = known.get(version) ?? make(version);
    known.set(version, made);
    return made;
  };
}

function divergence({ round }: LocalStepsState, slot: number, loss: number): string {
  return (
    `the loss of slot ${slot} in round ${round} is ${loss}, its change no numbers: the steps ` +
    "were too large (lower strategy.learningRate, or the optimizer's where there is one)"
  );
}

function withBitsDown({ pass }: LocalStepsState, bitsDown: number): LocalStepsState["pass"] {
  return { ...pass, traffic: withTraffic(pass.traffic, { bitsDown, bitsUp: 0 }) };
}
