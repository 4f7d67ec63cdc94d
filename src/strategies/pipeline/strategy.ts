import { addScaled } from "../../math/vector.ts";
import { gradientField, slopesField } from "../../model-parallel/pipeline-layout.ts";
import type { ModelRef } from "../../ports/model-ref.ts";
import { type ObjectRef, objectBytes } from "../../ports/object-ref.ts";
import { graph } from "../../quorum/graph.ts";
import { beforeStep, type NodePlace, nodeObjects, type Outputs } from "../../quorum/graph-nodes.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import { invalidReply } from "../../tasks/registry.ts";
import type { HandedTensor } from "../../tasks/stages/handed-tensor.ts";
import type { StagePassTask } from "../../tasks/stages/stage-task.ts";
import { noNumbers } from "../../tasks/valid-reply.ts";
import type { TrainingStrategy } from "../definition.ts";
import { closeStep } from "./close-step.ts";
import { nodeKey, stepNodes, type Work } from "./nodes.ts";
import type { PipelineState, StagesPlan } from "./state.ts";

type PipelineTask = WorkerTask & NodePlace;
type Replies = Outputs<WorkerReply>;
type Passing = Extract<Work, { readonly pass: "forward" | "backward" }>;

/**
 * Training by a model in stages. A step is a graph of tasks: microbatches go through the stages
 * forward and backward, and then each part of the weights is updated where it is kept. Tensors go
 * by reference; a step that is begun again comes to the same bits.
 */
export function pipeline(plan: StagesPlan): TrainingStrategy<PipelineState> {
  const { nodes, workOf } = stepNodes(plan);
  const steps = graph<PipelineState, PipelineTask, WorkerReply>({
    patienceMs: plan.patienceMs,
    start: () => startState(plan),
    nodes: () => nodes,
    task(state, place, outputs) {
      const work = workOf(place.node);
      return "part" in work
        ? partTask(plan, state, place, work, outputs)
        : stageTask(plan, state, place, work, outputs);
    },
    validate: (task, reply) => invalidReply(task, reply),
    // Whoever computes it again comes to the same.
    diverged: ({ step }, { node }, { loss }, invalid) =>
      invalid === noNumbers ? divergence(step, node, loss) : null,
    finish: (state, outputs, atMs) => closeStep(plan, state, outputs, atMs),
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

function startState({ starts, roundsMax }: StagesPlan): PipelineState {
  const parts = starts.map((start) => ({ ...start, ahead: null, memory: null }));
  const finished = roundsMax === 0;
  return { ...beforeStep, finished, step: 0, startedMs: 0, parts, firstNorm: 0 };
}

/** The model's tensors are anywhere among the parts. */
function modelOf({ layout }: StagesPlan, { parts }: PipelineState): ModelRef {
  const tensors = layout.parts.flatMap(({ tensors: own }, part) => {
    let from = 0;
    return own.map(({ index, shape }, i) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const place = { index, part, from, length, sha256: parts[part]!.digests[i]! };
      from += length;
      return place;
    });
  });
  tensors.sort((a, b) => a.index - b.index);
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

const noWeights = () => new Float32Array(0);

function stageTask(
  plan: StagesPlan,
  state: PipelineState,
  place: NodePlace,
  work: Passing,
  outputs: Replies,
): PipelineTask {
  const { stage, microbatch } = work;
  const { file, takesRows, imports, exports, producers, consumers, parts, lengths } =
    plan.layout.stages[stage]!;
  const examples = plan.microbatches[microbatch]!;
  const tensorOf = (from: Work, field: string) =>
    outputs(nodeKey(from))[0]!.tensors![field] as HandedTensor;
  const imported = imports.map(({ stage: from, field }) =>
    tensorOf({ pass: "forward", stage: from, microbatch }, field),
  );
  const ahead = parts.map((part) => state.parts[part]!.ahead ?? state.parts[part]!.weights);
  const weightsCount = ahead.reduce((sum, ref) => sum + objectBytes(ref) / 4, 0);
  const own: Omit<StagePassTask, "objects"> = {
    ...place,
    round: place.step,
    weights: noWeights(),
    rows: {
      microbatch,
      from: place.step * sum(plan.microbatches) + sum(plan.microbatches.slice(0, microbatch)),
      examples,
      seed: plan.order,
    },
    file: file.key,
    takesRows,
    imports: imported,
    parts: ahead,
    work: examples * weightsCount * (work.pass === "forward" ? 1 : 3),
  };
  if (work.pass === "forward") {
    const kept = exports.filter((_, i) => isLarge(lengths?.exports[i], examples));
    return { ...own, operation: "stage-forward", objects: nodeObjects(place, {}, kept) };
  }
  const slopes = consumers.map((consumer) =>
    tensorOf({ pass: "backward", stage: consumer, microbatch }, slopesField(stage)),
  );
  const kept = [
    ...producers.filter((_, i) => isLarge(lengths?.slopes[i], examples)).map(slopesField),
    // An update is handed those of all microbatches together.
    ...parts
      .filter((_, i) => isLarge(lengths?.gradients[i], plan.microbatches.length))
      .map(gradientField),
  ];
  return { ...own, operation: "stage-backward", slopes, objects: nodeObjects(place, {}, kept) };
}

/** Larger arrays go by reference: the orchestrator holds the others while a step is under way. */
const byValueBytesMax = 256 * 1024;

function isLarge(length: number | undefined, times: number): boolean {
  return length === undefined || length * times * Float32Array.BYTES_PER_ELEMENT > byValueBytesMax;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}

function partTask(
  plan: StagesPlan,
  state: PipelineState,
  place: NodePlace,
  { pass, part }: Extract<Work, { readonly part: number }>,
  outputs: Replies,
): PipelineTask {
  const { tensors, uses, stages } = plan.layout.parts[part]!;
  const { weights, ahead, memory } = state.parts[part]!;
  const { sumsPerTensor } = plan;
  const needsSums = sumsPerTensor > 0;
  const slopes = stages.flatMap((stage) =>
    plan.microbatches.map((_, microbatch) => {
      const key = nodeKey({ pass: "backward", stage, microbatch });
      const { version, tensors: kept } = outputs(key)[0]!;
      return { version: version!, slopes: kept![gradientField(part)] as HandedTensor };
    }),
  );
  const own = {
    ...place,
    round: place.step,
    weights: noWeights(),
    optimizer: plan.optimizer,
    tensors: tensors.map(({ index: _, ...spec }) => spec),
    uses,
    examples: plan.microbatches,
    slopes: pass === "update" && needsSums ? [] : slopes,
    memory,
  };
  if (pass === "sums") {
    const objects = nodeObjects(place, {}, ["gradient"]);
    return { ...own, operation: "part-sums", sumsPerTensor, objects };
  }
  const added = needsSums ? outputs(nodeKey({ pass: "sums", part }))[0]!.tensors! : null;
  const keep = Object.fromEntries(
    ["weights", "memory", ...(plan.asksAhead ? ["ahead"] : [])].map((field) => {
      return [field, { name: `${field}-${part}/${place.step + 1}`, lifetime: "run" }] as const;
    }),
  );
  return {
    ...own,
    operation: "part-update",
    gradient: added === null ? null : (added.gradient as ObjectRef),
    sums: needsSums ? sumsOfParts(plan, outputs) : new Float64Array(0),
    part: weights,
    ahead,
    objects: { step: place.step, keep },
  };
}

/** Tensor after tensor in the model's order, whatever parts they are in. */
function sumsOfParts({ layout }: StagesPlan, outputs: Replies): Float64Array<ArrayBuffer> {
  const all = layout.parts.flatMap(({ tensors }, part) => {
    const { values } = outputs(nodeKey({ pass: "sums", part }))[0]!;
    const count = values.length / tensors.length;
    return tensors.map(({ index }, i) => {
      return { index, sums: values.subarray(i * count, (i + 1) * count) };
    });
  });
  all.sort((a, b) => a.index - b.index);
  const total = new Float64Array(all[0]!.sums.length);
  for (const { sums } of all) addScaled(total, 1, sums);
  return total;
}
