import { wholeShape } from "../../math/tensor-share.ts";
import type { ModelRef, PlacedTensor } from "../../ports/model-ref.ts";
import { graph } from "../../quorum/graph.ts";
import { beforeStep } from "../../quorum/graph-nodes.ts";
import type { WorkerReply } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import { noNumbers } from "../../tasks/valid-reply.ts";
import type { TrainingStrategy } from "../definition.ts";
import { closeStep } from "./close-step.ts";
import { stepNodes } from "./nodes.ts";
import { partTask } from "./part-tasks.ts";
import { type PipelineTask, stageTask } from "./stage-tasks.ts";
import type { PipelineState, StagesPlan } from "./state.ts";

/**
 * Training by a model in stages. A step is a graph of tasks: microbatches go through the stages
 * forward and backward, and then each part of the weights is updated where it is kept. Tensors go
 * by reference; a step that is begun again comes to the same bits. Of several replicas a step does
 * without those that are last, which are erasures.
 */
export function pipeline(plan: StagesPlan): TrainingStrategy<PipelineState> {
  const { nodes, workOf, keyOf } = stepNodes(plan);
  const { needed, microbatches } = plan.replicas;
  const steps = graph<PipelineState, PipelineTask, WorkerReply>({
    patienceMs: plan.patienceMs,
    ...(microbatches.length === 1 ? {} : { groupsNeeded: needed }),
    start: () => startState(plan),
    nodes: ({ joined }) => nodes(joined),
    task(state, place, outputs) {
      const work = workOf(place.node);
      return "part" in work
        ? partTask(plan, state, place, work, { keyOf, outputs })
        : stageTask(plan, state, place, work, { keyOf, outputs });
    },
    validate: (task, reply) => invalidReply(task, reply),
    // Whoever computes it again comes to the same.
    diverged: ({ step }, { node }, { loss }, invalid) =>
      invalid === noNumbers ? divergence(step, node, loss) : null,
    finish: (state, outputs, atMs) => closeStep(plan, state, { keyOf, outputs }, atMs),
  });
  return {
    ...steps,
    progress: (state) => ({
      round: state.step,
      model: modelOf(plan, state),
      finished: state.finished,
      keeps: state.parts.flatMap(({ ahead, memory }) => [ahead ?? [], memory ?? []].flat()),
    }),
  };
}

function startState({ starts, continued, roundsMax }: StagesPlan): PipelineState {
  const parts = starts.map((start) => ({ ...start, ahead: null, memory: null }));
  const { step, parts: own } = continued ?? { step: 0, parts };
  const finished = step >= roundsMax;
  return { ...beforeStep, finished, step, startedMs: 0, parts: own };
}

/** The model's tensors are anywhere among the parts. */
function modelOf({ layout }: StagesPlan, { parts }: PipelineState): ModelRef {
  const tensors = layout.parts.flatMap(({ tensors: own }, part) => {
    let from = 0;
    return own.map(({ index, shape, share }, i): PlacedTensor & { index: number } => {
      const length = shape.reduce((a, b) => a * b, 1);
      const place = { index, part, from, length, sha256: parts[part]!.digests[i]! };
      from += length;
      if (share === undefined) return place;
      return { ...place, share: { ...share, shape: wholeShape(shape, share) } };
    });
  });
  tensors.sort((a, b) => a.index - b.index || (a.share?.part ?? 0) - (b.share?.part ?? 0));
  return {
    kind: "sharded",
    parts: parts.map(({ weights }) => weights),
    tensors: tensors.map(({ index: _, ...place }) => place),
  };
}

function divergence(step: number, node: string, loss: number): string {
  return (
    `step ${step}, ${node}: the loss is ${loss}, or its slopes no numbers: the steps were too ` +
    "large (lower optimizer.learningRate)"
  );
}
