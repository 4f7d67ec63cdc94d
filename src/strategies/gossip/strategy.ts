import { atSlot } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { norm } from "../../math/vector.ts";
import type { RoundEvent } from "../../ports/events.ts";
import { wholeModel } from "../../ports/model-ref.ts";
import { collect } from "../../quorum/collect.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { openQuorum, type PendingSlot } from "../../quorum/quorum-state.ts";
import type { WaitRule } from "../../quorum/wait-policies/policy.ts";
import type { ConsensusStepTask } from "../../tasks/consensus-step.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { TrainingStrategy } from "../definition.ts";
import { mixingWeightsOf } from "./mixing-weights.ts";
import type { GossipPlan, GossipState } from "./state.ts";

/**
 * Consensus of nodes that publish nothing but noised states. The strategy says who mixes what and
 * counts the messages that are there; it never sees a state without its noise. A message that comes
 * too late for its round stays published and paid for, and is not mixed.
 */
export function gossip(plan: GossipPlan): TrainingStrategy<GossipState> {
  const { nodes } = plan.graph;
  const rounds = collect<GossipState, WorkerTask, WorkerReply>({
    workers: nodes,
    patienceMs: plan.patienceMs,
    start: () => ({
      round: 0,
      startedMs: 0,
      present: Array.from({ length: nodes }, (_, node) => node),
      mean: new Float64Array(plan.weightsLength),
      quorum: openQuorum(0),
      finished: plan.messages.length === 0,
    }),
    request: (state) => ({
      prefix: `round-${state.round}/node/`,
      subject: state.mean,
      task: (id, pending) => taskOf(plan, state, id, pending),
    }),
    rule: (state) => ruleOf(plan, state),
    validate: (_state, task, reply) => invalidReply(task, reply, plan),
    close: (state, { atMs }) => nextRound(plan, state, atMs),
    reopen: (state, atMs) => ({ ...state, startedMs: atMs, quorum: openQuorum(atMs) }),
  });
  return {
    ...rounds,
    progress: ({ round, mean, finished }) => ({
      round,
      model: wholeModel(Float32Array.from(mean)),
      finished,
    }),
  };
}

/** Null for a node that sits the round out: none of its neighbours' messages is there. */
function taskOf(
  plan: GossipPlan,
  state: GossipState,
  id: string,
  { slot }: PendingSlot,
): ConsensusStepTask | null {
  const senders = mixingWeightsOf(plan.mixing, slot, state.present);
  if (senders === null) return null;
  const { rule, noise } = plan.messages[state.round]![slot]!;
  const { unit, budget, observers } = plan;
  const start = state.round === 0 ? plan.weightsLength : 0;
  return {
    id,
    slot,
    round: state.round + 1,
    weights: new Float32Array(start),
    length: plan.weightsLength,
    operation: "node-round",
    from: senders.from,
    mixing: senders.weights,
    ...{ rule, noise, unit, budget, observers },
  };
}

/** Nobody waits for nodes that sit the round out. */
function ruleOf({ wait, mixing, graph }: GossipPlan, { present }: GossipState): WaitRule {
  if (present.length === graph.nodes) return wait;
  let asked = 0;
  for (let node = 0; node < graph.nodes; node++)
    if (mixingWeightsOf(mixing, node, present) !== null) asked++;
  return { ...wait, needed: Math.min(wait.needed, asked), enough: Math.min(wait.enough, asked) };
}

/** The next round begins with the messages that are there. */
function nextRound(
  plan: GossipPlan,
  state: GossipState,
  atMs: number,
): Step<GossipState, WorkerTask> {
  const { round, startedMs, quorum } = state;
  const present = respondedSlots(quorum);
  const mean = new Float64Array(plan.weightsLength);
  for (const node of present) {
    const { values } = atSlot(quorum.replies, node)!;
    for (let j = 0; j < mean.length; j++) mean[j]! += values[j]! / present.length;
  }
  const event: RoundEvent = {
    type: "round",
    startedMs,
    atMs,
    round,
    counted: present,
    // Losses and gradients are nobody's to tell; of messages, how far the mean moved may be.
    objectiveEstimate: Number.NaN,
    gradientNorm: norm(mean.map((value, j) => value - state.mean[j]!)),
    stepSize: plan.messages[round]![0]!.rule.step,
  };
  const finished = round + 1 >= plan.messages.length;
  const next = { round: round + 1, startedMs: atMs, present, mean, finished };
  return { state: { ...next, quorum: openQuorum(atMs) }, events: [event], durable: true };
}
