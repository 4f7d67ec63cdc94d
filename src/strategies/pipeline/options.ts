import * as z from "zod";
import { scheduleNames } from "../../model-parallel/schedule.ts";
import { splitNames } from "../../model-parallel/split-layers.ts";

export const pipelineOptions = {
  stages: z
    .union([z.int().min(1).max(1_024), z.literal("auto")], "expected a number of stages or auto")
    .default("auto")
    .describe(
      "how many parts the model is cut into, each a function of its own; auto: as few as fit the " +
        "memory of a function, or as many as placement has",
    ),
  batch: z
    .union([z.int().min(1), z.literal("all")], 'expected a number of rows or "all"')
    .default(32)
    .describe("rows of a step, from epochs in orders of their own; all: every row, as it is"),
  microbatches: z
    .int()
    .min(1)
    .max(4_096)
    .default(4)
    .describe("parts of a batch that pass through the stages; they may be unequal"),
  schedule: z
    .enum(scheduleNames)
    .default("1f1b")
    .describe("the order of a stage's passes: all forward ones first (simple), or backward first"),
  activeMicrobatches: z
    .int()
    .min(1)
    .optional()
    .describe("the most microbatches that a stage may have begun and not finished"),
  placement: z
    .union([z.string(), z.record(z.string(), z.int().min(0))], "expected auto, a layout or a map")
    .default("auto")
    .describe(
      "auto; the stage of each layer, { layer: stage }; or a layout, embedding | (4|)*6 ...",
    ),
  partitioner: z
    .enum(["graph", "tree"])
    .default("graph")
    .describe("graph: the lightest heaviest stage; tree: by modules, as SageMaker's"),
  balance: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("what stages are to be equal in: 0 time, 1 memory"),
  shared: z
    .enum(["replicate", "colocate"])
    .default("replicate")
    .describe("a layer that is used on several stages: each has a copy, or no cut parts its uses"),
  recompute: z
    .boolean()
    .default(true)
    .describe(
      "compute a stage's forward pass again for its backward pass; false: an environment keeps " +
        "it, and computes it again where it is not at hand",
    ),
  replicas: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe(
      "whole pipelines side by side: encoding deals microbatches to them, wait counts them",
    ),
  tensor: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe("workers of each stage, among which large layers are divided: see split"),
  split: z
    .record(z.string(), z.enum(splitNames))
    .optional()
    .describe(
      "which layers tensor divides, { layer: way }: column, row, vocabulary or heads; all that " +
        "divide where absent",
    ),
  shardOptimizer: z
    .boolean()
    .default(true)
    .describe(
      "the replicas that count update a share of the weights each, with the optimizer's state of " +
        "it; false: the first of them updates all",
    ),
  from: z
    .string()
    .min(1)
    .optional()
    .describe(
      "a run that stopped before its end, with any stages: go on from its weights, its " +
        "optimizer's state and its place in the data",
    ),
  offload: z
    .boolean()
    .default(false)
    .describe("activations in the store; true is refused, as computing them again is quicker"),
};

const schema = z.strictObject(pipelineOptions);

export type PipelineOptions = z.output<typeof schema>;
