import { isInline, taskTimes } from "../../model-parallel/pipeline-bill.ts";
import type { PipelineRates } from "../../model-parallel/pipeline-setting.ts";
import type { Stepper } from "../../optimizers/optimizer.ts";
import { optimizers } from "../../optimizers/registry.ts";
import type { StageTimes } from "../../ports/stage-times.ts";
import type { RunSpec } from "../../spec/run-spec.ts";
import { optimizerSlots } from "./choose-partition.ts";
import type { EncodedPipeline } from "./cut.ts";
import type { PipelineOptions } from "./options.ts";

/**
 * How long each task of a step is expected to take, from its start to its reply, by what was
 * measured when the model was cut; null where the manifest is of before that was told.
 */
export function stageTimes(
  { optimizer }: Pick<RunSpec, "optimizer">,
  { recompute, microbatches }: PipelineOptions,
  { pipeline, figures }: Pick<EncodedPipeline, "pipeline" | "figures">,
  rates: PipelineRates,
): StageTimes | null {
  if (figures === undefined) return null;
  const tasks = taskTimes({ recompute, rates }, figures);
  const slots = optimizerSlots(optimizers.create(optimizer) as Stepper);
  const update = pipeline.parts.map(({ tensors, uses }) => {
    const length = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const bytes = Float32Array.BYTES_PER_ELEMENT * length;
    const slopes = uses.length * microbatches;
    // Weights and what the optimizer keeps are read and written, slopes read.
    const objects = 4 + (isInline(bytes * microbatches) ? 0 : slopes);
    const copies = slopes + 2 + 2 * slots;
    return rates.invokeMs + (copies * bytes) / rates.bytesPerMs + objects * rates.objectMs;
  });
  const seen = (ms: number) => (ms === 0 ? 0 : rates.invokeMs + ms);
  return {
    forward: tasks.map(({ forwardMs }) => seen(forwardMs)),
    backward: tasks.map(({ backwardMs }) => seen(backwardMs)),
    update,
  };
}
