import { gradientField, slopesField } from "../../model-parallel/pipeline-layout.ts";
import { objectBytes } from "../../ports/object-ref.ts";
import { type NodePlace, nodeObjects, type Outputs } from "../../quorum/graph-nodes.ts";
import type { WorkerReply, WorkerTask } from "../../tasks/protocol.ts";
import type { HandedTensor } from "../../tasks/stages/handed-tensor.ts";
import type { StagePassTask } from "../../tasks/stages/stage-task.ts";
import type { PassWork, StepNodes } from "./nodes.ts";
import type { PipelineState, StagesPlan } from "./state.ts";

export type PipelineTask = WorkerTask & NodePlace;

export interface StepOutputs {
  readonly keyOf: StepNodes["keyOf"];
  readonly outputs: Outputs<WorkerReply>;
}

/** No task of a pipeline is sent weights: it reads those of its stage. */
export const noWeights = () => new Float32Array(0);

/** A microbatch on a stage: what it reads of the stages before and after, by reference. */
export function stageTask(
  plan: StagesPlan,
  state: PipelineState,
  place: NodePlace,
  work: PassWork,
  { keyOf, outputs }: StepOutputs,
): PipelineTask {
  const { stage, microbatch } = work;
  const { file, takesRows, imports, exports, producers, consumers, parts, lengths } =
    plan.layout.stages[stage]!;
  const examples = plan.microbatches[microbatch]!;
  const tensorOf = (from: Pick<PassWork, "pass" | "stage">, field: string) =>
    outputs(keyOf({ ...work, ...from }))[0]!.tensors![field] as HandedTensor;
  const imported = imports.map(({ stage: from, field }) =>
    tensorOf({ pass: "forward", stage: from }, field),
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
    // A stage that sends nothing on does both passes in one task.
    ...(plan.recompute || exports.length === 0 ? {} : { isKept: true }),
  };
  if (work.pass === "forward") {
    const kept = exports.filter((_, i) => isLarge(lengths?.exports[i], examples));
    return { ...own, operation: "stage-forward", objects: nodeObjects(place, {}, kept) };
  }
  const slopes = consumers.map((consumer) =>
    tensorOf({ pass: "backward", stage: consumer }, slopesField(stage)),
  );
  const kept = [
    ...producers.filter((_, i) => isLarge(lengths?.slopes[i], examples)).map(slopesField),
    // An update is handed those of all microbatches together.
    ...parts
      .filter((_, i) => isLarge(lengths?.gradients[i], plan.microbatches.length))
      .map(gradientField),
  ];
  return {
    ...own,
    operation: "stage-backward",
    slopes,
    ...(plan.byRows ? { byRows: true } : {}),
    objects: nodeObjects(place, {}, kept),
  };
}

/** Larger arrays go by reference: the orchestrator holds the others while a step is under way. */
const byValueBytesMax = 256 * 1024;

/** The array goes by reference. */
export function isLarge(length: number | undefined, times: number): boolean {
  return length === undefined || length * times * Float32Array.BYTES_PER_ELEMENT > byValueBytesMax;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
