import type * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { assert } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import { shareShape, takeShare } from "../math/tensor-share.ts";
import type { ParameterSpec } from "../math/vector.ts";
import { tracedGraph } from "../model-parallel/cost-model.ts";
import { cutShares } from "../model-parallel/lanes.ts";
import { layOut, type MovedWeight } from "../model-parallel/lay-out.ts";
import type { LayerGraph, LayerModule } from "../model-parallel/layer-graph.ts";
import type { Partition } from "../model-parallel/partition.ts";
import { type SplitGraph, splitGraph } from "../model-parallel/split-graph.ts";
import { classesInput, type SharedWeight } from "../model-parallel/split-layers.ts";
import { stagePrograms } from "../model-parallel/stage-program.ts";
import type { CutModel, CutRequest, InitialWeights } from "../model-parallel/staged-model.ts";
import { graphOfTopology } from "../model-parallel/topology.ts";
import type { Tensor } from "../wire/safetensors.ts";
import { type BackendChoice, openTensorBackend, useBackend } from "./backend.ts";
import { weightVariables } from "./definition.ts";
import { drawing } from "./kept-model.ts";
import { closeModel } from "./open-model.ts";
import { openStage } from "./stage.ts";
import { stageFileBytes } from "./stage-engine.ts";
import type { Layer, LayerWeight } from "./stage-model.ts";
import { toData } from "./stage-slopes.ts";
import { traceModel } from "./trace-model.ts";
import { openWholeModel } from "./whole-model.ts";

interface Definition {
  readonly bytes: Uint8Array;
  readonly key: string;
  readonly takesLink: boolean;
  readonly backend: BackendChoice;
  /** Tensors for the model's inputs by their names; one input has the rows as they are. */
  readonly inputs?: (values: Float32Array, rows: number) => Readonly<Record<string, Tensor>>;
  /** See `StageFile.positions`. */
  readonly positions?: number;
  /** See `SplitRequest.hasClasses`. */
  readonly hasClasses?: boolean;
}

/** Measures a microbatch, cuts a stored network by it, and writes down what each stage computes. */
export async function cutModel(definition: Definition, request: CutRequest): Promise<CutModel> {
  await openTensorBackend(definition.backend);
  const { model, topology } = await openWholeModel(
    definition.bytes,
    definition.key,
    definition.takesLink,
  );
  try {
    const plain = graphOfTopology(JSON.parse(JSON.stringify(topology)));
    const shapes = (module: LayerModule) =>
      weightsAt(model, module.path).map((weight) => weight.shape.map(Number));
    const { hasClasses = false } = definition;
    const split = request.split && splitGraph(plain, { ...request.split, hasClasses }, shapes);
    const untraced = split?.graph ?? plain;
    const { rows, nowMs, repeats = 3 } = request;
    const inputs =
      definition.inputs?.(rows.values, rows.count) ?? plainInput(model, untraced, rows);
    const trace = await traceModel(untraced, { inputs, nowMs, repeats });
    const graph = tracedGraph(untraced, trace);
    const cut = split && cutShares({ plain, graph, trace, split }, request);
    const partition = cut?.partition ?? request.partition(graph, trace);
    const weights = await weightsOfStages(graph, partition, model, split);
    const tensors = weightVariables(model).map(({ variable: _, ...spec }): ParameterSpec => spec);
    const { files, ...laid } = layOut(graph, partition, tensors, (module) => weights.moved(module));
    const { positions } = definition;
    const bytes = files.map((file, stage) =>
      stageFileBytes(
        positions === undefined ? file : { ...file, positions },
        weights.frozen[stage]!,
      ),
    );
    const of = cut === undefined ? {} : { split: { whole: cut.whole, ways: split!.ways } };
    return { graph, trace, partition, ...of, ...laid, files: bytes };
  } finally {
    closeModel(model);
  }
}

function plainInput(
  model: LayersModel,
  graph: LayerGraph,
  { count, values }: CutRequest["rows"],
): Readonly<Record<string, Tensor>> {
  const shape = [count, ...model.inputs[0]!.shape.slice(1).map(Number)];
  const given = { [graph.inputs[0]!]: { shape, data: values } };
  if (!graph.inputs.includes(classesInput)) return given;
  const positions = [count, ...model.outputs[0]!.shape.slice(1, -1).map(Number)];
  const data = new Float32Array(positions.reduce((a, b) => a * b, 1));
  return { ...given, [classesInput]: { shape: positions, data } };
}

/**
 * The weights that a stored network starts from, of which one model at a time is in memory: the
 * drawn one, without the copy that it was drawn like.
 */
export async function drawModel(definition: Definition, random: Random): Promise<InitialWeights> {
  const backend = await openTensorBackend(definition.backend);
  const { bytes, key, takesLink } = definition;
  const { model, stored } = await openWholeModel(bytes, key, takesLink);
  const names = weightVariables(model).map(({ name }) => name);
  const draw = drawing(model);
  closeModel(model);
  useBackend(backend);
  const drawn = draw(random);
  const variables = weightVariables(drawn);
  return {
    read: (index) =>
      Float32Array.from(stored[names[index]!]?.data ?? variables[index]!.variable.dataSync()),
    close: () => closeModel(drawn),
  };
}

/**
 * The weights of the whole under the names that stages have for them: a layer's weights come in the
 * same order wherever it stands.
 */
async function weightsOfStages(
  graph: LayerGraph,
  partition: Partition,
  model: LayersModel,
  split?: SplitGraph,
) {
  const places = new Map(weightVariables(model).map(({ variable }, at) => [variable, at]));
  const paths = new Map(graph.modules.map(({ name, path }) => [name, path]));
  const moved = new Map<string, MovedWeight[]>();
  const frozen: Record<string, Tensor>[] = [];
  for (const program of stagePrograms(graph, partition)) {
    const stage = await openStage(program, randomFrom("unset"));
    const own: Record<string, Tensor> = {};
    const modules = new Map<string, MovedWeight[]>();
    for (const { key, module, index, shape } of stage.weights) {
      const of = split?.weightsOf(module)?.[index] ?? { index, share: null };
      const weight = weightsAt(model, paths.get(module)!)[of.index];
      const whole = weight?.shape.map(Number) ?? [];
      const there = of.share === null ? whole : shareShape(whole, of.share);
      assert(weight !== undefined && there.join() === shape.join(), `${key} is of the whole`);
      const at = places.get(weight.read() as tf.Variable);
      const share = of.share === null ? {} : { share: of.share };
      if (at === undefined) own[key] = shareOf(toData(weight.read()), of.share);
      else modules.set(module, [...(modules.get(module) ?? []), { key, index: at, ...share }]);
    }
    for (const [module, list] of modules) moved.set(module, list);
    frozen.push(own);
    stage.close();
  }
  return { frozen, moved: (module: string) => moved.get(module) ?? [] };
}

function shareOf({ shape, data }: Tensor, share: SharedWeight["share"]): Tensor {
  if (share === null) return { shape, data };
  return { shape: shareShape(shape, share), data: takeShare(data as Float32Array, shape, share) };
}

function weightsAt(model: LayersModel, path: readonly string[]): readonly LayerWeight[] {
  let layer: unknown = model;
  for (const name of path) layer = (layer as LayersModel).getLayer(name);
  return (layer as Layer).weights;
}
