import { nearest } from "../core/text.ts";
import { badGraph } from "./layer-graph.ts";

/** A model or layer as Keras writes it: `model.toJSON(null, false)`. */
export interface Topology {
  readonly class_name: string;
  readonly config: unknown;
}

export interface LayerJson extends Topology {
  readonly name?: string;
  readonly inbound_nodes?: unknown;
}

/** A tensor inside one model. */
export type Ref = readonly [layer: string, node: number, tensor: number];

const containers = new Set(["Sequential", "Functional", "Model"]);

/** Whether a layer is a nested model. */
export function isModel(layer: Topology): boolean {
  return containers.has(layer.class_name);
}

/** A model with what its layers read resolved. */
export interface ModelJson {
  readonly name: string;
  readonly path: readonly string[];
  readonly layers: readonly LayerJson[];
  readonly layer: (name: string) => LayerJson;
  readonly inputs: readonly Ref[];
  readonly outputs: readonly Ref[];
  /** The layers that say the shapes of the inputs. */
  readonly inputLayers: readonly LayerJson[];
  /** What a layer's uses read, use by use. */
  readonly readsOf: (layer: LayerJson) => readonly (readonly Ref[])[];
}

/** Reads a functional or sequential model. */
export function readModel(topology: Topology, path: readonly string[]): ModelJson {
  const { class_name: className } = topology;
  const at = path.length === 0 ? "the model" : `"${path.join("/")}"`;
  if (!isModel(topology))
    throw badGraph(`${at} is of class ${className}, not a Functional or Sequential model`);
  const { config } = topology;
  const own = (Array.isArray(config) ? { layers: config } : config) as Record<string, unknown>;
  if (!Array.isArray(own?.layers)) throw badGraph(`${at} lists no layers`);
  const layers = own.layers as LayerJson[];
  const byName = new Map<string, LayerJson>();
  for (const layer of layers) {
    const name = nameOf(layer, at);
    if (byName.has(name)) throw badGraph(`${at} has two layers "${name}"`);
    byName.set(name, layer);
  }
  const layer = (name: string): LayerJson => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    throw badGraph(`${at} has no layer "${name}"; ${nearest(name, [...byName.keys()])}`);
  };
  const name = typeof own.name === "string" ? own.name : "model";
  if (className === "Sequential" && own.output_layers === undefined)
    return { name, path, layers, layer, ...chainOf(layers, at) };
  const inputs = refsOf(own.input_layers, `${at}: input_layers`);
  const outputs = refsOf(own.output_layers, `${at}: output_layers`);
  const readsOf = (one: LayerJson) => {
    const place = `${at}: "${nameOf(one, at)}"`;
    if (!Array.isArray(one.inbound_nodes)) throw badGraph(`${place} does not say what it reads`);
    return one.inbound_nodes.map((reads) => refsOf(reads, place));
  };
  const inputLayers = inputs.map(([input]) => layer(input));
  return { name, path, layers, layer, inputs, outputs, inputLayers, readsOf };
}

/** A sequential model as a functional one. A model's own first node counts, so uses begin at 1. */
function chainOf(
  layers: readonly LayerJson[],
  at: string,
): Pick<ModelJson, "inputs" | "outputs" | "inputLayers" | "readsOf"> {
  if (layers.length === 0) throw badGraph(`${at} has no layers`);
  const nodeOf = (layer: LayerJson): Ref => [nameOf(layer, at), isModel(layer) ? 1 : 0, 0];
  const first = layers[0]!;
  const isFree = first.class_name === "InputLayer";
  const input: Ref = isFree ? nodeOf(first) : [`${nameOf(first, at)}_input`, 0, 0];
  return {
    inputs: [input],
    outputs: [nodeOf(layers.at(-1)!)],
    inputLayers: [first],
    readsOf: (layer) => {
      const index = layers.indexOf(layer);
      if (isFree && index === 0) return [];
      return [[index === 0 ? input : nodeOf(layers[index - 1]!)]];
    },
  };
}

export function nameOf(layer: LayerJson, at: string): string {
  const name = layer.name ?? (layer.config as { name?: unknown } | null)?.name;
  if (typeof name === "string" && name !== "") return name;
  throw badGraph(`${at} has a layer of class ${layer.class_name} without a name`);
}

/** `[["a", 0, 0], …]`, and also `["a", 0, 0]`. */
function refsOf(given: unknown, at: string): readonly Ref[] {
  if (!Array.isArray(given)) throw badGraph(`${at}: ${JSON.stringify(given)} is no list`);
  const list: unknown[] = typeof given[0] === "string" ? [given] : given;
  return list.map((one) => {
    const [layer, node, tensor] = one as unknown[];
    if (typeof layer === "string" && Number.isInteger(node) && Number.isInteger(tensor))
      return [layer, node as number, tensor as number];
    throw badGraph(`${at}: ${JSON.stringify(one)} is not [layer, node, tensor]`);
  });
}
