import { atSlot } from "../../core/slot-map.ts";
import type { Arrival, Step } from "../../engine/strategy.ts";
import { isFiniteVector, norm } from "../../math/vector.ts";
import type { RoundEvent } from "../../ports/events.ts";
import {
  afterTick,
  giveUpReason,
  isClosed,
  openQuorum,
  type PendingSlot,
  pendingSlots,
  recordReply,
  respondedSlots,
  wakeAtMs,
} from "../../quorum/quorum.ts";
import { taskNameOf } from "../../quorum/task-cache.ts";
import type { WaitRule } from "../../quorum/wait-policies/rule.ts";
import type { ConsensusStepTask, WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
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
  return {
    start: () => ({
      round: 0,
      startedMs: 0,
      present: Array.from({ length: nodes }, (_, node) => node),
      mean: new Float64Array(plan.weightsLength),
      quorum: openQuorum(0),
      finished: plan.messages.length === 0,
    }),
    progress: ({ round, mean, finished }) => ({
      round,
      weights: Float32Array.from(mean),
      finished,
    }),
    wanted(state) {
      if (state.finished) return [];
      return pendingSlots(state.quorum, nodes).flatMap((missing) => taskOf(plan, state, missing));
    },
    receive(state, arrival, atMs) {
      if (state.finished) return { state };
      const rule = ruleOf(plan, state);
      const damage = damageOf(plan, arrival);
      const refused = damage === null ? {} : { refused: damage };
      const heard = { ...state, quorum: told(plan, state, rule, arrival, damage, atMs) };
      if (isClosed(heard.quorum, rule, atMs)) return { ...closed(plan, heard, atMs), ...refused };
      const stuck = giveUpReason(heard.quorum, rule, nodes, plan.patienceMs, atMs);
      return { state: heard, ...refused, ...(stuck === null ? {} : { stuck }) };
    },
    resume: (state, atMs) => ({ ...state, startedMs: atMs, quorum: openQuorum(atMs) }),
    wakeAtMs: (state) => wakeAtMs(state.quorum, ruleOf(plan, state), plan.patienceMs, () => true),
  };
}

function taskOf(plan: GossipPlan, state: GossipState, missing: PendingSlot): ConsensusStepTask[] {
  const { slot, notBeforeMs } = missing;
  const senders = mixingWeightsOf(plan.mixing, slot, state.present);
  if (senders === null) return [];
  const { rule, noise } = plan.messages[state.round]![slot]!;
  const { unit, budget, observers } = plan;
  const start = state.round === 0 ? plan.weightsLength : 0;
  return [
    {
      id: `round-${state.round}/node/${taskNameOf(missing)}`,
      slot,
      notBeforeMs,
      round: state.round + 1,
      weights: new Float32Array(start),
      operation: "node-round",
      from: senders.from,
      mixing: senders.weights,
      ...{ rule, noise, unit, budget, observers },
    },
  ];
}

/** Nobody waits for nodes that sit the round out. */
function ruleOf({ wait, mixing, graph }: GossipPlan, { present }: GossipState): WaitRule {
  if (present.length === graph.nodes) return wait;
  let asked = 0;
  for (let node = 0; node < graph.nodes; node++)
    if (mixingWeightsOf(mixing, node, present) !== null) asked++;
  return { ...wait, needed: Math.min(wait.needed, asked), enough: Math.min(wait.enough, asked) };
}

function told(
  { patienceMs }: GossipPlan,
  { quorum }: GossipState,
  rule: WaitRule,
  arrival: Arrival<WorkerTask, WorkerReply>,
  damage: string | null,
  atMs: number,
) {
  if (arrival.kind === "tick") return afterTick(quorum, rule, atMs);
  const outcome = damage === null ? arrival.outcome : ({ kind: "lost", reason: damage } as const);
  return recordReply(quorum, arrival.task, outcome, atMs, patienceMs);
}

function damageOf(
  { weightsLength }: GossipPlan,
  arrival: Arrival<WorkerTask, WorkerReply>,
): string | null {
  if (arrival.kind === "tick" || arrival.outcome.kind === "lost") return null;
  const { values } = arrival.outcome.result;
  if (values.length !== weightsLength)
    return `its message has ${values.length} numbers, not ${weightsLength}`;
  return isFiniteVector(values) ? null : "its message holds numbers that are none";
}

/** The next round begins with the messages that are there. */
function closed(plan: GossipPlan, state: GossipState, atMs: number): Step<GossipState, WorkerTask> {
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
