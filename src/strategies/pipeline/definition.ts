import { define } from "../../core/registry.ts";
import type { Stepper } from "../../optimizers/optimizer.ts";
import { optimizers } from "../../optimizers/registry.ts";
import { type StrategyContext, type StrategyDefinition, trainingStrategy } from "../definition.ts";
import { stopRuleOf } from "../stop-rule.ts";
import { cutIntoStages, type EncodedPipeline, rowsOfStep } from "./cut.ts";
import { stagedEvaluation } from "./evaluation.ts";
import { forecastStages } from "./forecast.ts";
import { type PipelineOptions, pipelineOptions } from "./options.ts";
import { checkPipeline, workersFor } from "./refusals.ts";
import { dealReplicas } from "./replicas.ts";
import { stageTimes } from "./stage-times.ts";
import type { StagesPlan } from "./state.ts";
import { pipeline } from "./strategy.ts";

/** Models larger than one function. */
export const pipelineStrategy = define({
  name: "pipeline",
  summary: "a network cut into stages, each a function, through which microbatches pass",
  reference:
    "Karakus et al., Amazon SageMaker Model Parallelism, arXiv 2111.05972; GPipe, 1F1B schedules",
  options: pipelineOptions,
  examples: [{}, { stages: 3, microbatches: 5, schedule: "interleaved", balance: 0 }],
  create: (chosen): StrategyDefinition => ({
    stateVersion: 2,
    accepts: {
      problems: { only: ["stages"], because: "pipeline cuts a model into stages, and it has none" },
      encodings: {
        only: ["uncoded", "replication", "gradient-code"],
        because: "a pipeline reads rows as they are, and may give microbatches to several replicas",
      },
      waits: {
        only: ["all", "fastest"],
        because: "a pipeline waits for every stage, of all its replicas or of the fastest",
      },
      tableRows:
        "its stages leave out rows of zeros by themselves, and its updates are of whole parts",
    },
    usual: { encoding: "uncoded", optimizer: "adam", wait: "all" },
    workers: workersFor(chosen),
    replicas: chosen.replicas,
    ...(chosen.from === undefined ? {} : { continues: chosen.from }),
    settle: (spec, { workers }) =>
      chosen.stages === "auto"
        ? {
            ...spec,
            workers,
            strategy: {
              ...spec.strategy,
              stages: workers / chosen.replicas / chosen.tensor,
            },
          }
        : spec,
    ...(chosen.replicas === 1
      ? { waitInWords: "all: what one stage makes, the next one needs" }
      : {}),
    check: (spec, { encoding }) => checkPipeline(spec, chosen, encoding),
    needsCurvature: () => false,
    forecastStages: (context, rates) => forecastStages(context, chosen, rates),
    stageTimes: ({ spec, encoded }, rates) =>
      stageTimes(spec, chosen, encoded as EncodedPipeline, rates),
    stage: (context) => cutIntoStages(context, chosen),
    open: (context) => trainingStrategy(pipeline(pipelinePlan(context, chosen))),
    evaluation: (context, models, rows) =>
      stagedEvaluation(pipelinePlan(context, chosen), context, models, rows),
  }),
});

/** What the strategy needs to know, once the model is cut. */
export function pipelinePlan(opening: StrategyContext, options: PipelineOptions): StagesPlan {
  const { spec, prepared, encoded, encoding } = opening;
  const { pipeline: layout, starts, continued = null } = encoded as EncodedPipeline;
  const { schedule, activeMicrobatches = null, microbatches, batch, replicas } = options;
  const rows = rowsOfStep(options, prepared);
  const stepper = optimizers.create(spec.optimizer) as Stepper;
  return {
    layout,
    starts,
    continued,
    schedule,
    activeMicrobatches,
    recompute: options.recompute,
    microbatches: parted(rows, microbatches),
    replicas: dealReplicas({ microbatches, replicas }, { ...spec, encoding }),
    shardOptimizer: options.shardOptimizer,
    order: batch === "all" || rows === prepared.rows ? null : spec.seed,
    optimizer: spec.optimizer,
    stepper,
    ...probe(stepper),
    byRows: (spec.gradients ?? "auto") !== "dense",
    roundsMax: spec.stop.rounds,
    stop: stopRuleOf(opening),
    patienceMs: spec.stop.patience * 1000,
  };
}

/** Counts that differ by one where they do not divide, the larger ones first. */
export function parted(rows: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => Math.floor(rows / count) + (i < rows % count ? 1 : 0),
  );
}

/** What an optimizer needs, by how it moves one weight. */
function probe(stepper: Stepper): Pick<StagesPlan, "asksAhead" | "sumsPerTensor"> {
  const weights = new Float32Array(1);
  const gradient = new Float64Array(1);
  const tensors = [{ name: "weight", shape: [1] }];
  const shrink = (point: Float64Array<ArrayBuffer>) => point;
  const memory = stepper.start();
  const here = { weights, asked: weights, gradient, stepSize: 0, tensors, shrink };
  const sums = stepper.sums?.(memory, { gradient, tensors }) ?? [];
  return {
    asksAhead: stepper.move(memory, here).ask !== null,
    sumsPerTensor: sums[0]?.length ?? 0,
  };
}
