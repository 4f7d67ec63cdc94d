import {
  badGraph,
  type LayerGraph,
  type LayerModule,
  type LayerNode,
  type LayerTensor,
  validateGraph,
} from "./layer-graph.ts";
import {
  isModel,
  type LayerJson,
  type ModelJson,
  nameOf,
  type Ref,
  readModel,
  type Topology,
} from "./read-topology.ts";

/** What is collected while models are read, nested ones inlined; in the order of finding. */
interface Reading {
  readonly isInlined: boolean;
  readonly modules: Map<string, LayerModule>;
  readonly nodes: LayerNode[];
  readonly tensors: LayerTensor[];
  readonly usesOf: Map<string, number>;
}

export interface GraphOptions {
  /** Nested models as their layers (the default), or each as one layer. */
  readonly nested?: "inline" | "whole";
}

/**
 * The graph of a functional or sequential model: nested models, shared layers and models, several
 * inputs and outputs, skips. Uses come depth first from the outputs, an order that depends on the
 * topology alone. A layer's weights are one name, its own: layers share by being used again.
 * Throws `RunError` that names the layer that is not understood.
 */
export function graphOfTopology(topology: Topology, options: GraphOptions = {}): LayerGraph {
  const reading: Reading = {
    isInlined: (options.nested ?? "inline") === "inline",
    modules: new Map(),
    nodes: [],
    tensors: [],
    usesOf: new Map(),
  };
  const model = readModel(topology, []);
  const inputs = model.inputs.map(([name], i) => addInput(reading, name, model.inputLayers[i]!));
  const outputs = useModel(reading, model, inputs);
  const { modules, nodes, tensors } = reading;
  const graph = { name: model.name, modules: [...modules.values()], nodes, tensors };
  validateGraph({ ...graph, inputs, outputs });
  return { ...graph, inputs, outputs };
}

function addInput(reading: Reading, id: string, layer: LayerJson): string {
  const { shape, dtype } = inputOf(layer);
  reading.tensors.push({ id, producer: null, shape, dtype, bytesPerExample: bytesOf(shape) });
  return id;
}

/** What a model's input layer, or the first layer of a sequential model, says of its input. */
function inputOf(layer: LayerJson): Pick<LayerTensor, "shape" | "dtype"> {
  if (isModel(layer)) return inputOf(readModel(layer, [String(layer.name)]).inputLayers[0]!);
  const { batch_input_shape: shape, dtype } = layer.config as Record<string, unknown>;
  return {
    shape: Array.isArray(shape) ? (shape as (number | null)[]) : null,
    dtype: typeof dtype === "string" ? dtype : "float32",
  };
}

/** Bytes of one example of a shape whose first axis counts examples; null where axes are open. */
export function bytesOf(shape: readonly (number | null)[] | null): number | null {
  if (shape === null) return null;
  const rest = shape.slice(1);
  if (!rest.every((size) => size !== null)) return null;
  return 4 * rest.reduce<number>((a, b) => a * Number(b), 1);
}

/** Adds a use of everything in a model, given its inputs; returns its outputs. */
function useModel(
  reading: Reading,
  model: ModelJson,
  inputs: readonly string[],
): readonly string[] {
  const made = new Map<string, readonly string[]>();
  const opened = new Set<string>();
  const keyOf = ([layer, node]: Ref) => JSON.stringify([layer, node]);
  for (const [i, ref] of model.inputs.entries()) made.set(keyOf(ref), [inputs[i]!]);
  const counts = outputCounts(model, keyOf);
  const tensorOf = (ref: Ref): string => {
    const key = keyOf(ref);
    const [name, node, index] = ref;
    let tensors = made.get(key);
    if (tensors === undefined) {
      const layer = model.layer(name);
      const reads = model.readsOf(layer)[isModel(layer) ? node - 1 : node];
      if (reads === undefined) throw badGraph(`"${name}" has no use ${node}, which is read`);
      if (opened.has(key)) throw badGraph(`"${name}" needs its own output`);
      opened.add(key);
      tensors = useLayer(reading, model.path, layer, reads.map(tensorOf), counts.get(key)!);
      made.set(key, tensors);
    }
    const id = tensors[index];
    if (id === undefined) throw badGraph(`"${name}" has no output ${index}, which is read`);
    return id;
  };
  return model.outputs.map(tensorOf);
}

/** A layer's outputs are as many as are read: its topology does not say. */
function outputCounts(model: ModelJson, keyOf: (ref: Ref) => string): ReadonlyMap<string, number> {
  const isInput = new Set(model.inputs.map(keyOf));
  const counts = new Map<string, number>();
  const reads = model.layers.flatMap((layer) =>
    isInput.has(keyOf([nameOf(layer, model.name), 0, 0])) ? [] : model.readsOf(layer).flat(),
  );
  for (const ref of [...model.outputs, ...reads])
    counts.set(keyOf(ref), Math.max(counts.get(keyOf(ref)) ?? 0, ref[2] + 1));
  return counts;
}

function useLayer(
  reading: Reading,
  outer: readonly string[],
  layer: LayerJson,
  inputs: readonly string[],
  outputCount: number,
): readonly string[] {
  const path = [...outer, nameOf(layer, outer.join("/"))];
  if (reading.isInlined && isModel(layer)) {
    const inner = readModel(layer, path);
    if (inner.inputs.length !== inputs.length)
      throw badGraph(`"${path.join("/")}" reads ${inputs.length} of ${inner.inputs.length} inputs`);
    return useModel(reading, inner, inputs);
  }
  const name = path.join("/");
  const { class_name: className } = layer;
  const module = reading.modules.get(name);
  if (module !== undefined && module.path.length !== path.length)
    throw badGraph(`two layers are called "${name}", one of them in a nested model`);
  const config = layer.config as Record<string, unknown>;
  reading.modules.set(name, { name, path, className, config, weights: [name] });
  const use = reading.usesOf.get(name) ?? 0;
  reading.usesOf.set(name, use + 1);
  const id = use === 0 ? name : `${name}#${use}`;
  const outputs = Array.from({ length: outputCount }, (_, k) => (k === 0 ? id : `${id}:${k}`));
  reading.nodes.push({ id, module: name, inputs, outputs });
  for (const tensor of outputs)
    reading.tensors.push({
      id: tensor,
      producer: id,
      shape: null,
      dtype: "float32",
      bytesPerExample: null,
    });
  return outputs;
}
