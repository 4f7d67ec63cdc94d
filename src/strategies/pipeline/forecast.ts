import { functions } from "../../limits.ts";
import { forecastPipeline } from "../../model-parallel/pipeline-forecast.ts";
import type { PipelineModel, PipelineRates } from "../../model-parallel/pipeline-setting.ts";
import { planPipeline, type StagesForecast } from "../../model-parallel/plan-pipeline.ts";
import type { IngestContext } from "../definition.ts";
import { cutModelOf, rowsOfStep } from "./cut.ts";
import type { PipelineOptions } from "./options.ts";

const memorySizes = [functions.worker.memoryMb, 3_538, 5_307, 10_240];
const stagesMax = 8;
const microbatchCounts = [1, 2, 4, 8, 16, 32];

/** Measures a microbatch, and prices the spec's cut and others of the same model. */
export async function forecastStages(
  context: IngestContext,
  options: PipelineOptions,
  rates: PipelineRates,
): Promise<StagesForecast> {
  const { cut, rule } = await cutModelOf(context, options);
  const rows = rowsOfStep(options, context.prepared);
  const { microbatches, recompute, balance, shared, partitioner, schedule } = options;
  const stages = cut.partition.stages.length;
  const model: PipelineModel = {
    graph: cut.graph,
    trace: cut.trace,
    tracedMemoryMb: functions.worker.memoryMb,
    examplesPerStep: rows,
    optimizerSlots: rule.optimizerSlots,
    ...{ recompute, balance, shared, partitioner, schedule, rates },
  };
  const setting = { stages, microbatches, replicas: 1, memoryMb: functions.worker.memoryMb };
  const chosen = forecastPipeline(model, setting, cut.partition);
  const most = Math.min(stagesMax, cut.graph.nodes.length);
  const counts = Array.from({ length: most }, (_, i) => i + 1);
  const others = planPipeline(model, {
    stages: [...new Set([...counts, stages])],
    microbatches: [...new Set([...microbatchCounts, microbatches])].filter((m) => m <= rows),
    replicas: [1],
    memoryMb: memorySizes,
  });
  return { chosen, others, examples: rows };
}
