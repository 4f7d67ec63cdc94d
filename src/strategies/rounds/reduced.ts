import { atSlot } from "../../core/slot-map.ts";
import type { Step } from "../../engine/strategy.ts";
import { cutTensors, joinCuts, type TensorCut } from "../../math/slices/cuts.ts";
import type { Memory, Stepper } from "../../optimizers/optimizer.ts";
import { wholeModel } from "../../ports/model-ref.ts";
import type { ObjectRef } from "../../ports/object-ref.ts";
import { graph } from "../../quorum/graph.ts";
import {
  beforeStep,
  type NodePlace,
  nodeObjects,
  type Outputs,
  type Traversing,
} from "../../quorum/graph-nodes.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import {
  gradientNode,
  type Reduction,
  type ReductionGraph,
  reductionGraph,
} from "../../quorum/reduction.ts";
import { sumField } from "../../tasks/combine.ts";
import { shardField, tensorsOf } from "../../tasks/gradient-shards.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import { readTensorParts } from "../../tasks/sliced-reply.ts";
import { noNumbers } from "../../tasks/valid-reply.ts";
import type { TrainingStrategy } from "../definition.ts";
import { isSettled } from "../stop-rule.ts";
import { partsStep } from "./sliced-step.ts";
import type { RoundsPlan } from "./state.ts";

export interface ReducedState extends Traversing<WorkerReply> {
  readonly startedMs: number;
  readonly weights: Float32Array<ArrayBuffer>;
  readonly ahead: Float32Array<ArrayBuffer> | null;
  readonly memory: Memory;
}

type ReducedTask = WorkerTask & NodePlace;
type Replies = Outputs<WorkerReply>;

const noWeights = () => new Float32Array(0);

/** A run's reduction: who adds up what, and how the weights are divided. */
interface Layout {
  readonly plan: RoundsPlan;
  readonly graph: ReductionGraph;
  readonly shards: readonly (readonly TensorCut[])[];
  readonly fields: readonly string[];
}

/**
 * Rounds whose gradients are added up by functions, through the store: the orchestrator reads sums
 * alone. The sums are of the replies that count, in slot order; a round that is begun again comes
 * to the same bits.
 */
export function reducedRounds(
  plan: RoundsPlan,
  reduction: Reduction,
): TrainingStrategy<ReducedState> {
  const { shares, problem, weightsLength } = plan;
  const ofNodes = reductionGraph(reduction, shares.storedRows.length, plan.wait);
  const { nodes } = ofNodes;
  const tensors = tensorsOf(problem, weightsLength);
  const shards = cutTensors(tensors, reduction.type === "scatter" ? reduction.shards : 1);
  const fields = shards.map((_, shard) => shardField(shard));
  const layout = { plan, graph: ofNodes, shards, fields };
  const steps = graph<ReducedState, ReducedTask, WorkerReply>({
    patienceMs: plan.patienceMs,
    start: () => startState(plan),
    nodes: () => nodes,
    task: (state, place, outputs) =>
      place.node === gradientNode
        ? gradientTask(layout, state, place)
        : combineTask(layout, state, place, outputs),
    validate: (task, reply) => invalidReply(task, reply),
    diverged: ({ step }, { slot }, { loss }, invalid) =>
      invalid === noNumbers
        ? `the loss of slot ${slot} in round ${step} is ${loss}, or its gradient no numbers: the ` +
          "steps before it were too large (lower the optimizer's rate)"
        : null,
    finish: (state, outputs, atMs) => finishRound(layout, state, outputs, atMs),
  });
  return {
    ...steps,
    progress: ({ step, weights, finished }) => ({
      round: step,
      model: wholeModel(weights),
      finished,
    }),
  };
}

function startState(plan: RoundsPlan): ReducedState {
  return {
    ...beforeStep,
    finished: plan.roundsMax === 0,
    step: 0,
    startedMs: 0,
    weights: plan.initial?.() ?? new Float32Array(plan.weightsLength),
    ahead: null,
    memory: plan.optimizer.start(),
  };
}

function gradientTask(
  { plan, fields }: Layout,
  { weights, ahead }: ReducedState,
  place: NodePlace,
): ReducedTask {
  return {
    ...place,
    round: place.step,
    weights: ahead ?? weights,
    operation: "gradient-shards",
    shards: fields.length,
    ...(plan.gradients ? { gradients: plan.gradients } : {}),
    objects: nodeObjects(place, {}, fields),
  };
}

function combineTask(
  { plan, graph: ofNodes, shards, fields }: Layout,
  state: ReducedState,
  place: NodePlace,
  outputs: Replies,
): ReducedTask {
  const inputs = ofNodes.inputsOf(place.node);
  const shard = inputs.kind === "replies" ? inputs.shard : 0;
  const parts =
    inputs.kind === "sums"
      ? inputs.nodes.flatMap(outputs).map((sum) => ({ ref: refOf(sum, sumField), weight: 1 }))
      : weightedReplies(plan, state, outputs)
          .filter(({ slot }) => slot >= inputs.from && slot < inputs.to)
          .map(({ reply, weight }) => ({ ref: refOf(reply, fields[shard]!), weight }));
  const isLast = ofNodes.roots.includes(place.node);
  return {
    ...place,
    round: place.step,
    weights: noWeights(),
    operation: "combine",
    parts,
    tensors: shards[shard]!.map(({ shape }) => ({ shape })),
    objects: nodeObjects(place, {}, isLast ? [] : [sumField]),
  };
}

function refOf({ tensors }: WorkerReply, field: string): ObjectRef {
  return tensors![field] as ObjectRef;
}

/** The replies that count, by slot, and what each counts of the mean. */
function weightedReplies({ shares }: RoundsPlan, state: ReducedState, outputs: Replies) {
  const slots = respondedSlots(atSlot(state.nodes, 0)!.quorum);
  const weights = shares.encoding.weights(slots, shares.storedRows, shares.rows)!;
  const replies = outputs(gradientNode);
  return slots.map((slot, i) => ({ slot, reply: replies[i]!, weight: weights[i]! / shares.rows }));
}

/** The sums are there: the weights move. */
function finishRound(
  { plan, graph: ofNodes, shards }: Layout,
  state: ReducedState,
  outputs: Replies,
  atMs: number,
): Step<ReducedState, ReducedTask> {
  const tensors = tensorsOf(plan.problem, plan.weightsLength);
  const sums = ofNodes.roots.map((root) => outputs(root)[0]!);
  const parts = sums.flatMap(({ payload }, shard) => readTensorParts(payload!, shards[shard]!));
  const replies = weightedReplies(plan, state, outputs);
  const mean = {
    loss: replies.reduce((sum, { reply, weight }) => sum + weight * reply.loss, 0),
    parts: joinCuts(shards.flat(), parts, tensors),
  };
  const { quorum } = atSlot(state.nodes, 0)!;
  const standing = { ...state, round: state.step };
  const { memory, destination, event } = partsStep(
    plan,
    plan.optimizer as Stepper,
    standing,
    mean,
    { slots: replies.map(({ slot }) => slot), replies: quorum.replies, atMs },
  );
  const isDone = isSettled(plan.stop, event.slopeLeft!) || state.step + 1 >= plan.roundsMax;
  const next: ReducedState = {
    ...beforeStep,
    finished: isDone,
    step: state.step + 1,
    startedMs: atMs,
    weights: destination.weights,
    ahead: destination.ahead ?? null,
    memory,
  };
  return { state: next, events: [event], durable: true };
}
