import { hash } from "node:crypto";
import * as z from "zod";
import { RunError } from "../core/errors.ts";
import { randomFrom } from "../core/random.ts";
import { type Chosen, parseOptions } from "../core/registry.ts";
import { functions } from "../limits.ts";
import { costModel } from "../model-parallel/cost-model.ts";
import { type StageTable, stageTable } from "../model-parallel/partition.ts";
import { makeSchedule, orderFor, type Schedule } from "../model-parallel/schedule.ts";
import { scheduleToCsv } from "../model-parallel/schedule-csv.ts";
import type { CutModel } from "../model-parallel/staged-model.ts";
import type { Stepper } from "../optimizers/optimizer.ts";
import { optimizers } from "../optimizers/registry.ts";
import { lossNames } from "../problems/network/losses.ts";
import { networkProblem } from "../problems/network/network.ts";
import type { Problem } from "../problems/problem.ts";
import { choosePartition, stageRule } from "../strategies/pipeline/choose-partition.ts";
import { type PipelineOptions, pipelineOptions } from "../strategies/pipeline/options.ts";
import type { Builder } from "../tfjs/model-source.ts";
import type { NumberTensor } from "./microbatch-outputs.ts";
import { loadParts, namedWeights, saveParts } from "./parallel-checkpoint.ts";
import type { HeldPart, HeldStages } from "./parallel-step.ts";
import {
  fitOn,
  joinedFloats,
  type ParallelState,
  type ParallelStep,
  rowsOf,
  type StepRows,
  shapeSize,
  stepOn,
} from "./parallel-training.ts";
import type { NetworkInCode } from "./spec-in-code.ts";

const {
  stages,
  microbatches,
  batch: _,
  schedule,
  activeMicrobatches,
  placement,
  partitioner,
  balance,
  shared,
  ...others
} = pipelineOptions;

const options = z.strictObject({
  ...{
    stages,
    microbatches,
    schedule,
    activeMicrobatches,
    placement,
    partitioner,
    balance,
    shared,
  },
  batch: z.int().min(1).default(32).describe("rows of a step, by which the model is measured"),
  loss: z.enum(lossNames).default("categoricalCrossentropy"),
  optimizer: z.looseObject({ type: z.string() }).default({ type: "adam" }),
  seed: z.int().min(0).default(1).describe("what drawn weights, dropout and order hang on"),
  memoryMb: z.int().min(1).default(functions.worker.memoryMb).describe("of a function"),
  backend: z.enum(["auto", "node", "wasm", "cpu"]).default("auto"),
});

export type ModelParallelOptions = z.input<typeof options>;

/** A model in stages, in this process: the bits of its weights are those that functions come to. */
export interface ModelParallel {
  /** The stages, which is the slowest, and which the largest. */
  partition(): StageTable;
  /** What each stage does, one thing after another; `csv` is torch's notation. */
  schedule(): Schedule & { readonly csv: string };
  /** Forward and backward passes of all microbatches, and one step of the optimizer. */
  step(x: StepRows, y: StepRows): Promise<ParallelStep>;
  /** Steps of `batch` rows over all of them, an epoch after another: each epoch's mean loss. */
  fit(x: StepRows, y: StepRows, about?: { readonly epochs?: number }): Promise<{ loss: number[] }>;
  /** The weights by the names of the model's tensors. */
  weights(): Readonly<Record<string, NumberTensor>>;
  /** Weights, the optimizer's state and the step by the names of tensors, whatever the stages. */
  save(path: string): Promise<void>;
  /** Throws `RunError` where the file is of another model or optimizer. */
  load(path: string): Promise<void>;
  /** Frees what stages hold in TensorFlow.js's memory; a step that follows takes it anew. */
  close(): void;
}

/**
 * Cuts a layers model, or what a builder makes, into stages and trains it step by step in this
 * process. For training on functions hand the model to `train` with `strategy: pipeline`. Throws
 * `RunError` where it cannot be cut.
 */
export async function modelParallel(
  model: NetworkInCode,
  given: ModelParallelOptions = {},
): Promise<ModelParallel> {
  const chosen = parseOptions(options, given, "modelParallel");
  const { held, cut, table, facts, parts } = await cutHere(model, chosen);
  const { optimizer, schedule: order } = held;
  const settings = { ...chosen, ...facts };
  const state: ParallelState = { parts, step: 0 };
  const { parts: layouts } = cut;
  return {
    partition: () => table,
    schedule: () => ({ ...order, csv: scheduleToCsv(order) }),
    step: async (x, y) => stepOn(held, state, settings, rowsOf(x, y, facts.inputShape)),
    async fit(x, y, { epochs = 1 } = {}) {
      const rows = rowsOf(x, y, facts.inputShape);
      return { loss: await fitOn(held, state, settings, rows, epochs) };
    },
    weights: () => namedWeights(layouts, state.parts),
    save: (path) => saveParts(path, { layouts, optimizer, ...state }),
    async load(path) {
      Object.assign(state, await loadParts(path, { layouts, optimizer }));
    },
    close() {
      for (const engine of held.engines) engine.close();
    },
  };
}

/** The model cut into stages that are open, with the weights that training starts from. */
async function cutHere(model: NetworkInCode, chosen: z.output<typeof options>) {
  const { loss, backend, seed, microbatches: count } = chosen;
  const optimizer = resolveStepper(chosen.optimizer);
  const { readModelInHand } = await import("../tfjs/model-source.ts");
  const { bytes, facts } = await readModelInHand(model as unknown as Builder, backend);
  const of = { loss, backend, seed, facts };
  const problem = networkProblem({ ...of, model: "model", engine: "auto" });
  const files = new Map<string, Uint8Array>([[facts.key, bytes]]);
  const read = async (key: string) => files.get(key) ?? null;
  const examples = Math.ceil(chosen.batch / count);
  const pipelined: PipelineOptions = { ...parseOptions(z.strictObject(others), {}, ""), ...chosen };
  const stepper = optimizers.create(optimizer) as Stepper;
  const rule = stageRule(pipelined, examples, stepper, chosen.memoryMb);
  const cut = await problem.stages!.cut(read, {
    rows: { count: examples, values: new Float32Array(examples * shapeSize(facts.inputShape)) },
    nowMs: () => performance.now(),
    partition: (graph, trace) => choosePartition(pipelined, rule, graph, trace),
  });
  const order = orderOf(cut, chosen);
  const parts = await startsOf(problem, read, cut, seed);
  const table = stageTable(costModel(cut.graph, cut.trace, rule), cut.partition);
  // Last, so that nothing is open where something is refused.
  const engines = await Promise.all(
    cut.files.map((file) => {
      const name = `stages/${hash("sha256", file)}`;
      files.set(name, file);
      return problem.stages!.load(name, read);
    }),
  );
  const held: HeldStages = { layout: cut, engines, schedule: order, optimizer, problem };
  return { held, cut, table, facts, parts };
}

function orderOf({ stages: all }: CutModel, chosen: z.output<typeof options>): Schedule {
  const pipeline = {
    workerOf: all.map(({ worker }) => worker),
    producers: all.map(({ imports }) => [...new Set(imports.map(({ stage }) => stage))]),
  };
  const { activeMicrobatches: active, microbatches: count } = chosen;
  return makeSchedule(pipeline, {
    ...{ name: orderFor(chosen.schedule, pipeline), microbatches: count },
    ...(active === undefined ? {} : { activeMicrobatches: active }),
  });
}

function resolveStepper(given: { readonly type: string }): Chosen {
  const chosen = optimizers.resolve(given, "modelParallel.optimizer");
  const { searches, needsCurvature } = optimizers.create(chosen);
  if (!searches && !needsCurvature && chosen.type !== "fista") return chosen;
  throw new RunError("bad-combination", `modelParallel.optimizer: ${chosen.type}: not by stages`, {
    hint: "choose one that moves weights by their own gradients, such as adam, sgd or muon",
  });
}

/** The weights that training starts from, in the cut's parts. */
async function startsOf(
  problem: Problem,
  read: (key: string) => Promise<Uint8Array | null>,
  { parts }: CutModel,
  seed: number,
): Promise<HeldPart[]> {
  const drawn = await problem.stages!.initial(read, randomFrom(seed).fork("weights"));
  try {
    return parts.map(({ tensors }) => {
      const weights = joinedFloats(tensors.map(({ index }) => drawn.read(index)));
      return { weights, ahead: null, memory: null };
    });
  } finally {
    drawn.close();
  }
}
