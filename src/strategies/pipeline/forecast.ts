import { RunError } from "../../core/errors.ts";
import { functions } from "../../limits.ts";
import { forecastPipeline } from "../../model-parallel/pipeline-forecast.ts";
import type { PipelineModel, PipelineRates } from "../../model-parallel/pipeline-setting.ts";
import { planPipeline, type StagesForecast } from "../../model-parallel/plan-pipeline.ts";
import type { CutModel, TracedModel } from "../../model-parallel/staged-model.ts";
import { workerMemoryMb } from "../../spec/run-spec.ts";
import type { IngestContext } from "../definition.ts";
import { cutModelOf, rowsOfStep } from "./cut.ts";
import type { PipelineOptions } from "./options.ts";
import { dealReplicas } from "./replicas.ts";

const memorySizes = [3_538, 5_307, 10_240];
const stagesMax = 8;
const microbatchCounts = [1, 2, 4, 8, 16, 32];

/** Measures a microbatch, and prices the spec's cut and others of the same model. */
export async function forecastStages(
  context: IngestContext,
  options: PipelineOptions,
  rates: PipelineRates,
): Promise<StagesForecast> {
  const { cut, rule } = await cutModelOf(context, options);
  const { tensor } = options;
  // What one worker a stage would take, where that fits at all.
  const without = tensor === 1 ? cut : await withoutShares(context, options);
  const rows = rowsOfStep(options, context.prepared);
  const { encoding, spec } = context;
  const ofStep = { microbatches: options.microbatches, replicas: options.replicas };
  const dealt = dealReplicas(ofStep, { ...spec, encoding }).microbatches;
  // Of a step with each replica's own: what is dealt to several is computed by each of them.
  const computed = dealt.reduce((sum, own) => sum + own.length, 0);
  const examplesPerStep = Math.round((rows * computed) / options.microbatches);
  const { replicas, recompute, balance, shared, partitioner, schedule } = options;
  const microbatches = Math.max(...dealt.map((own) => own.length));
  const stages = (cut.split?.whole.partition ?? cut.partition).stages.length;
  const modelOf = ({ graph, trace }: TracedModel): PipelineModel => ({
    ...{ graph, trace },
    tracedMemoryMb: functions.worker.memoryMb,
    examplesPerStep,
    optimizerSlots: rule.optimizerSlots,
    ...{ recompute, balance, shared, partitioner, schedule, rates },
  });
  const memoryMb = workerMemoryMb(spec);
  const setting = { stages, microbatches, replicas, memoryMb };
  const chosen = forecastPipeline(modelOf(cut), setting, cut.partition);
  const ofAll = { chosen, examples: rows, microbatches: options.microbatches };
  const shares = { of: tensor, layers: cut.split?.ways.size ?? 0 };
  if (without === null) return { ...ofAll, others: noOthers, shares: { ...shares, without: null } };
  const most = Math.min(stagesMax, without.graph.nodes.length);
  const counts = Array.from({ length: most }, (_, i) => i + 1);
  const others = planPipeline(modelOf(without), {
    stages: [...new Set([...counts, stages])],
    microbatches: [...new Set([...microbatchCounts, microbatches])].filter(
      (m) => m * replicas <= examplesPerStep,
    ),
    replicas: [replicas],
    memoryMb: [...new Set([memoryMb, ...memorySizes])].sort((a, b) => a - b),
  });
  if (tensor === 1) return { ...ofAll, others };
  const alone = forecastPipeline(modelOf(without), setting, without.partition);
  return { ...ofAll, others, shares: { ...shares, without: alone } };
}

const noOthers = { forecasts: [], front: [], refusals: [], fewest: new Map<number, null>() };

/** The same model with each layer on one worker; null where it fits no stages so. */
async function withoutShares(
  context: IngestContext,
  { split: _, ...options }: PipelineOptions,
): Promise<CutModel | null> {
  try {
    return (await cutModelOf(context, { ...options, tensor: 1 })).cut;
  } catch (thrown) {
    if (thrown instanceof RunError && thrown.code === "memory-infeasible") return null;
    throw thrown;
  }
}
