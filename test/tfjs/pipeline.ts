import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { type GradientPart, sumGradients } from "../../src/model-parallel/gradient-sum.ts";
import { indexGraph, type LayerGraph } from "../../src/model-parallel/layer-graph.ts";
import { contiguous, type Partition } from "../../src/model-parallel/partition.ts";
import { makeSchedule, type ScheduleName } from "../../src/model-parallel/schedule.ts";
import { simulateSchedule } from "../../src/model-parallel/simulate-schedule.ts";
import { type StageProgram, stagePrograms } from "../../src/model-parallel/stage-program.ts";
import { type OpenStage, openStage } from "../../src/tfjs/stage.ts";
import type { Observation, Stash } from "../../src/tfjs/stage-model.ts";
import type { Tensor } from "../../src/wire/safetensors.ts";

/** A batch: rows of each input and of each output's targets. */
export interface Batch {
  readonly rows: number;
  readonly inputs: readonly Tensor[];
  readonly targets: readonly Tensor[];
}

export function batchFor(model: LayersModel, rows: number, random: Random): Batch {
  const drawn = (shape: readonly (number | null)[]): Tensor => {
    const full = [rows, ...shape.slice(1).map(Number)];
    const length = full.reduce((a, b) => a * b, 1);
    return { shape: full, data: Float32Array.from({ length }, () => random.normal()) };
  };
  const of = (list: LayersModel["inputs"]) => list.map(({ shape }) => drawn(shape));
  return { rows, inputs: of(model.inputs), targets: of(model.outputs) };
}

/** Rows `from` to `to` of a tensor. */
function rowsOf({ shape, data }: Tensor, from: number, to: number): Tensor {
  const width = shape.slice(1).reduce((a, b) => a * b, 1);
  return { shape: [to - from, ...shape.slice(1)], data: data.slice(from * width, to * width) };
}

/** Rows of each microbatch: they differ by one where they do not divide. */
export function cutRows(rows: number, microbatches: number): [from: number, to: number][] {
  const at = (k: number) => Math.ceil((k * rows) / microbatches);
  return Array.from({ length: microbatches }, (_, k) => [at(k), at(k + 1)]);
}

/** The layer of the original model that a module is. */
export function layerOf(
  model: LayersModel,
  path: readonly string[],
): LayersModel["layers"][number] {
  let layer: unknown = model;
  for (const name of path) layer = (layer as LayersModel).getLayer(name);
  return layer as LayersModel["layers"][number];
}

/** Weights of the original model under the names that stages have for them. */
export function namedWeights(graph: LayerGraph, model: LayersModel): Map<string, tf.Variable> {
  const all = new Map<string, tf.Variable>();
  for (const { name, path } of graph.modules) {
    const layer = layerOf(model, path);
    for (const weight of layer.weights) {
      const own = weight.originalName.slice(layer.name.length + 1);
      all.set(`${name}/${own}`, weight.read() as tf.Variable);
    }
  }
  return all;
}

export interface Pipeline {
  readonly graph: LayerGraph;
  readonly programs: readonly StageProgram[];
  readonly stages: readonly OpenStage[];
  close(): void;
}

export async function openPipeline(
  graph: LayerGraph,
  model: LayersModel,
  partition: Partition,
): Promise<Pipeline> {
  const programs = stagePrograms(graph, partition);
  const named = namedWeights(graph, model);
  const stages: OpenStage[] = [];
  for (const program of programs) {
    const stage = await openStage(program, randomFrom("run"));
    const own = stage.weights.map(({ key, shape }) => {
      return [key, { shape, data: named.get(key)!.dataSync() as Float32Array }] as const;
    });
    stage.set(Object.fromEntries(own));
    stages.push(stage);
  }
  return { graph, programs, stages, close: () => stages.forEach((stage) => void stage.close()) };
}

/** Cuts of the canonical order, drawn. */
export function drawnPartition(graph: LayerGraph, stages: number, random: Random): Partition {
  const ids = graph.nodes.map(({ id }) => id);
  const cuts = [...random.permutation(ids.length - 1)].slice(0, stages - 1).map((at) => at + 1);
  return contiguous(ids, [...cuts.sort((a, b) => a - b), ids.length]);
}

/** Any stages that read from earlier ones only, uses of parallel branches in any of them. */
export function drawnPlacement(graph: LayerGraph, stages: number, random: Random): Partition {
  const stageOf = new Map<string, number>();
  const lists: string[][] = Array.from({ length: stages }, () => []);
  for (const { id, inputs, outputs } of graph.nodes) {
    const least = Math.max(0, ...inputs.map((tensor) => stageOf.get(tensor) ?? 0));
    const own = Math.min(stages - 1, least + random.integer(2));
    for (const tensor of outputs) stageOf.set(tensor, own);
    lists[own]!.push(id);
  }
  const nodes = lists.filter((list) => list.length > 0);
  return { stages: nodes.map((list, worker) => ({ worker, nodes: list })) };
}

export interface StepOptions {
  readonly microbatches: number;
  readonly schedule?: ScheduleName;
  readonly stash?: boolean;
  readonly step?: number;
  /** A fault: slopes that get lost on their way. */
  readonly lose?: (key: string) => boolean;
}

export interface StepResult {
  readonly loss: number;
  readonly parts: readonly GradientPart[];
  readonly observed: readonly (Observation & { readonly microbatch: number })[];
  readonly outputs: ReadonlyMap<number, readonly Tensor[]>;
}

/** One step over stages in this process, in the order of a schedule: half the squared error. */
export function runStep(pipeline: Pipeline, batch: Batch, options: StepOptions): StepResult {
  const { graph, programs, stages } = pipeline;
  const { microbatches, stash, step = 0, lose = () => false } = options;
  const index = indexGraph(graph);
  const cuts = cutRows(batch.rows, microbatches);
  const producers = programs.map(({ imports }) => [
    ...new Set(imports.flatMap(({ fromStage }) => (fromStage === null ? [] : [fromStage]))),
  ]);
  const workerOf = programs.map((_, i) => i);
  const name = options.schedule ?? "1f1b";
  const schedule = makeSchedule({ workerOf, producers }, { name, microbatches });
  const unit = { forward: () => 1, backward: () => 2, hop: () => 0 };
  const timeline = simulateSchedule(schedule, unit);
  if ("deadlock" in timeline) throw new Error("deadlock");
  const values = cuts.map(([from, to]) => {
    const given = graph.inputs.map((id, i) => [id, rowsOf(batch.inputs[i]!, from, to)] as const);
    return { tensors: new Map<string, Tensor>(given), slopes: new Map<string, Tensor>() };
  });
  const stashes = new Map<string, Stash>();
  const parts: GradientPart[] = [];
  const observed: (Observation & { microbatch: number })[] = [];
  const outputs = new Map<number, Tensor[]>();
  let loss = 0;
  for (const { kind, stage, microbatch } of timeline.spans) {
    const [from, to] = cuts[microbatch]!;
    const task = { step, microbatch, examples: to - from };
    const { tensors, slopes } = values[microbatch]!;
    const program = programs[stage]!;
    const imports = Object.fromEntries(
      program.imports.map(({ tensor }) => [tensor, tensors.get(tensor)!]),
    );
    if (kind === "F") {
      const made = stages[stage]!.forward(imports, task, stash ? "stash" : undefined);
      for (const [id, tensor] of Object.entries(made.exports)) tensors.set(id, tensor);
      for (const [i, tensor] of made.outputs)
        outputs.set(i, Object.assign(outputs.get(i) ?? [], { [microbatch]: tensor }));
      observed.push(...made.observed.map((one) => ({ ...one, microbatch })));
      if (made.stash) stashes.set(`${stage}/${microbatch}`, made.stash);
      continue;
    }
    const given = Object.fromEntries([...slopes].filter(([key]) => !lose(key)));
    const told = stages[stage]!.backward(
      stashes.get(`${stage}/${microbatch}`) ?? imports,
      given,
      task,
      (own) => squaredError(own, (i) => rowsOf(batch.targets[i]!, from, to)),
    );
    loss += told.loss;
    for (const [key, tensor] of Object.entries(told.imports)) slopes.set(key, tensor);
    for (const { node, weight, slopes: own } of told.weights)
      parts.push({ version: 0, microbatch, use: index.position(node), weight, slopes: own });
  }
  return { loss, parts, observed, outputs };
}

function squaredError(own: ReadonlyMap<number, Tensor>, targetOf: (index: number) => Tensor) {
  let loss = 0;
  const slopes = new Map<number, Float32Array>();
  for (const [i, { data }] of own) {
    const target = targetOf(i).data;
    slopes.set(
      i,
      Float32Array.from(data, (value, k) => value - target[k]!),
    );
    for (const slope of slopes.get(i)!) loss += slope ** 2 / 2;
  }
  return { loss, slopes };
}

/** The mean gradient over all rows. */
export function meanGradient(
  parts: readonly GradientPart[],
  microbatches: number,
  rows: number,
): Map<string, Float64Array> {
  const sums = sumGradients(parts, 0, microbatches);
  return new Map([...sums].map(([key, sum]) => [key, sum.map((slope) => slope / rows)]));
}

/** The same by TensorFlow.js alone, the model in one piece and all rows at once. */
export function wholeGradient(
  graph: LayerGraph,
  model: LayersModel,
  { rows, inputs, targets }: Batch,
): Map<string, Float32Array> {
  const named = [...namedWeights(graph, model)];
  const all = new Map<string, Float32Array>();
  tf.tidy(() => {
    const tensors = (list: readonly Tensor[]) =>
      list.map(({ data, shape }) => tf.tensor(data as Float32Array, [...shape]));
    const wanted = tensors(targets);
    const given = tensors(inputs);
    const { grads } = tf.variableGrads(() => {
      const made = [model.apply(given, { training: true })].flat() as tf.Tensor[];
      const terms = made.map((one, i) => tf.sum(tf.square(tf.sub(one, wanted[i]!))));
      const mean = tf.div(tf.addN(terms as tf.Scalar[]), 2 * rows) as tf.Scalar;
      return tf.addN([mean, ...model.calculateLosses()]) as tf.Scalar;
    });
    for (const [key, variable] of named) {
      const slopes = grads[variable.name];
      if (slopes) all.set(key, slopes.dataSync().slice() as Float32Array);
    }
  });
  return all;
}
