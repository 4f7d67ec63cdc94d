import { addScaled } from "../../math/vector.ts";
import { gradientField, type PartLayout } from "../../model-parallel/pipeline-layout.ts";
import type { ObjectRef } from "../../ports/object-ref.ts";
import { type NodePlace, nodeObjects } from "../../quorum/graph-nodes.ts";
import type { HandedSlopes } from "../../tasks/stages/handed-tensor.ts";
import type { PartWork } from "./nodes.ts";
import { replicaOf } from "./replicas.ts";
import { noWeights, type PipelineTask, type StepOutputs } from "./stage-tasks.ts";
import type { PipelineState, StagesPlan } from "./state.ts";

/**
 * The sums or the update of a part of the weights, by the slopes of every microbatch. Those of one
 * microbatch are the same bits in every replica, so which replicas count changes nothing.
 */
export function partTask(
  plan: StagesPlan,
  state: PipelineState,
  place: NodePlace,
  { pass, part }: PartWork,
  { keyOf, outputs }: StepOutputs,
): PipelineTask {
  const { tensors, uses, stages } = plan.layout.parts[part]!;
  const { weights, ahead, memory } = state.parts[part]!;
  const { sumsPerTensor } = plan;
  const needsSums = sumsPerTensor > 0;
  const slopes = stages.flatMap((stage) =>
    plan.microbatches.map((_, microbatch) => {
      const replica = replicaOf(plan.replicas, state.joined, microbatch);
      const key = keyOf({ pass: "backward", stage, microbatch, replica });
      const { version, tensors: kept } = outputs(key)[0]!;
      return { version: version!, slopes: kept![gradientField(part)] as HandedSlopes };
    }),
  );
  const own = {
    ...place,
    round: place.step,
    weights: noWeights(),
    optimizer: plan.optimizer,
    tensors: tensors.map(({ index: _, share: __, ...spec }) => spec),
    uses,
    examples: plan.microbatches,
    slopes: pass === "update" && needsSums ? [] : slopes,
    memory,
  };
  if (pass === "sums") {
    const objects = nodeObjects(place, {}, ["gradient"]);
    return { ...own, operation: "part-sums", sumsPerTensor, objects };
  }
  const added = needsSums ? outputs(keyOf({ pass: "sums", part }))[0]!.tensors! : null;
  const keep = Object.fromEntries(
    ["weights", "memory", ...(plan.asksAhead ? ["ahead"] : [])].map((field) => {
      return [field, { name: `${field}-${part}/${place.step + 1}`, lifetime: "run" }] as const;
    }),
  );
  return {
    ...own,
    operation: "part-update",
    gradient: added === null ? null : (added.gradient as ObjectRef),
    sums: needsSums ? sumsOfParts(plan, { keyOf, outputs }) : new Float64Array(0),
    part: weights,
    ahead,
    objects: { step: place.step, keep },
  };
}

function sumsOfParts(
  { layout }: StagesPlan,
  { keyOf, outputs }: StepOutputs,
): Float64Array<ArrayBuffer> {
  const told = layout.parts.map((_, part) => outputs(keyOf({ pass: "sums", part }))[0]!.values);
  return sumsInOrder(layout.parts, told as Float64Array[]);
}

/** Sums of each part's tensors, added tensor after tensor in the model's order. */
export function sumsInOrder(
  parts: readonly Pick<PartLayout, "tensors">[],
  told: readonly Float64Array[],
): Float64Array<ArrayBuffer> {
  const all = parts.flatMap(({ tensors }, part) => {
    const values = told[part]!;
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
