import { RunError } from "../core/errors.ts";
import { fewestStages } from "./graph-partitioner.ts";
import { forecastPipeline, type PipelineForecast, stageModel } from "./pipeline-forecast.ts";
import type { PipelineModel, PipelineSetting } from "./pipeline-setting.ts";

/** Values to choose from, in each dimension. */
export interface PipelineChoices {
  readonly stages: readonly number[];
  readonly microbatches: readonly number[];
  readonly replicas: readonly number[];
  readonly memoryMb: readonly number[];
}

export interface PipelinePlan {
  /** All that can work, the fastest first. */
  readonly forecasts: readonly PipelineForecast[];
  /** Those that nothing beats in both time and money, the fastest first. */
  readonly front: readonly PipelineForecast[];
  /** What cannot work, and why. */
  readonly refusals: readonly { readonly setting: PipelineSetting; readonly error: RunError }[];
  /** Functions that a replica needs at each memory size; null where no number is enough. */
  readonly fewest: ReadonlyMap<number, number | null>;
}

/** What a spec's own stages will take, and what others of the same model would. */
export interface StagesForecast {
  readonly chosen: PipelineForecast;
  readonly others: PipelinePlan;
  /** Examples of a step. */
  readonly examples: number;
  /** Microbatches of a step, dealt to the replicas; `chosen` has those of one replica. */
  readonly microbatches: number;
  /** Where workers share layers: how many do, how many layers, and what it takes without. */
  readonly shares?: {
    readonly of: number;
    readonly layers: number;
    /** Null where a layer then fits no worker. */
    readonly without: PipelineForecast | null;
  };
}

/**
 * Trades makespan against dollars over stages, microbatches, replicas and memory. A bubble costs
 * time and no money, so more stages are bought with hops, not with idleness. Throws `RunError`,
 * the first refusal, where nothing works.
 */
export function planPipeline(of: PipelineModel, choices: PipelineChoices): PipelinePlan {
  const forecasts: PipelineForecast[] = [];
  const refusals: { setting: PipelineSetting; error: RunError }[] = [];
  const fewest = new Map<number, number | null>();
  for (const memoryMb of choices.memoryMb)
    for (const replicas of choices.replicas)
      for (const microbatches of choices.microbatches)
        for (const stages of choices.stages) {
          const setting = { stages, microbatches, replicas, memoryMb };
          try {
            forecasts.push(forecastPipeline(of, setting));
          } catch (error) {
            if (!(error instanceof RunError)) throw error;
            refusals.push({ setting, error });
          }
        }
  if (forecasts.length === 0) throw refusals[0]?.error ?? nothingAsked();
  for (const memoryMb of choices.memoryMb) {
    const finest = { stages: 1, replicas: 1, microbatches: Math.max(...choices.microbatches) };
    const model = stageModel(of, { ...finest, memoryMb });
    fewest.set(memoryMb, fewestStages(model, of.shared));
  }
  const sorted = forecasts.sort(
    (a, b) => a.makespanMs - b.makespanMs || a.dollarsPerStep - b.dollarsPerStep,
  );
  return { forecasts: sorted, front: frontOf(sorted), refusals, fewest };
}

function nothingAsked(): RunError {
  return new RunError("bad-plan", "plan: no stages, microbatches, replicas or memory to choose");
}

function frontOf(sorted: readonly PipelineForecast[]): readonly PipelineForecast[] {
  let least = Number.POSITIVE_INFINITY;
  return sorted.filter(({ dollarsPerStep }) => {
    if (dollarsPerStep >= least) return false;
    least = dollarsPerStep;
    return true;
  });
}

/** The forecast that is best where a second of waiting is worth so many dollars. */
export function choosePlan({ front }: PipelinePlan, dollarsPerSecond: number): PipelineForecast {
  const price = ({ makespanMs, dollarsPerStep }: PipelineForecast) =>
    dollarsPerStep + (dollarsPerSecond * makespanMs) / 1000;
  return front.reduce((best, one) => (price(one) < price(best) ? one : best));
}
