import { RunError } from "../../core/errors.ts";
import type { TrainedModel } from "../../platform/training/model.ts";
import type { Problem } from "../../problems/problem.ts";
import { type LayersTopology, type NetworkFacts, readDefinition } from "../../tfjs/definition.ts";
import { withoutLink } from "../../tfjs/without-link.ts";
import { layerTensors } from "../named-tensors.ts";
import type { LayerInput } from "./activations.ts";
import type { GraphBuilder } from "./graph.ts";
import { layerOperators } from "./layers.ts";
import type { Features } from "./raw-rows.ts";
import { cast } from "./raw-words.ts";

/** A layer as a topology lists it. */
interface LayerEntry {
  readonly class_name: string;
  readonly name?: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Of functional models: for each use of the layer, whose outputs it takes. */
  readonly inbound_nodes?: readonly unknown[];
}

interface FunctionalConfig {
  readonly layers: readonly LayerEntry[];
  readonly input_layers: readonly unknown[];
  readonly output_layers: readonly unknown[];
}

/**
 * A network of TensorFlow.js layers as operators, with its tensors by their names. Of a text the
 * last position's outputs. Throws `RunError` that names a layer which has no operator here.
 */
export function networkOutputs(
  graph: GraphBuilder,
  features: Features,
  model: TrainedModel,
  { link }: Problem,
): { value: string; count: number } {
  const facts = model.problem.facts as unknown as NetworkFacts;
  const { topology } = readDefinition(model.network!, facts.key);
  const used = link === undefined ? topology : withoutLink(topology).topology;
  const { inputShape, outputShape } = facts;
  const input = reshaped(graph, features.value, [-1, ...inputShape]);
  const tensors = layerTensors(model);
  const outputs = modelOutput(used, [input], { graph, tensors });
  const count = outputShape.at(-1) ?? 1;
  const positions = outputShape.slice(0, -1).reduce((a, b) => a * b, 1);
  const last =
    positions === 1
      ? reshaped(graph, outputs, [-1, count])
      : graph.node("Gather", [outputs, lastPosition(graph, positions)], { axis: { int: 1 } });
  const flat = positions === 1 ? last : reshaped(graph, last, [-1, count]);
  return { value: cast(graph, flat, "double"), count };
}

function lastPosition(graph: GraphBuilder, positions: number): string {
  return graph.integers([positions - 1]);
}

function reshaped(graph: GraphBuilder, value: string, shape: readonly number[]): string {
  return graph.node("Reshape", [value, graph.integers(shape)]);
}

type Building = Pick<LayerInput, "graph" | "tensors">;

function modelOutput(
  { class_name, config }: LayersTopology,
  inputs: readonly string[],
  building: Building,
): string {
  if (class_name !== "Sequential")
    return functionalOutput(config as FunctionalConfig, inputs, building);
  const entries = Array.isArray(config) ? config : (config as { layers: unknown }).layers;
  let value = inputs[0]!;
  for (const entry of entries as LayerEntry[]) value = layerOutput(entry, [value], building);
  return value;
}

function functionalOutput(
  { layers, input_layers, output_layers }: FunctionalConfig,
  inputs: readonly string[],
  building: Building,
): string {
  const values = new Map<string, string>();
  const inputNames = namesIn(input_layers);
  for (const [i, name] of inputNames.entries()) values.set(name, inputs[i]!);
  // Layers are listed in the order in which they were made: after what they take.
  for (const entry of layers) {
    const name = nameOf(entry);
    if (values.has(name)) continue;
    const uses = (entry.inbound_nodes ?? []) as readonly unknown[];
    if (uses.length !== 1) throw refusal(`layer ${name} is used ${uses.length} times`);
    const from = namesIn(uses[0] as readonly unknown[]).map((one) => values.get(one));
    if (from.includes(undefined)) throw refusal(`layer ${name} stands before what it takes`);
    values.set(name, layerOutput(entry, from as string[], building));
  }
  const [output] = namesIn(output_layers);
  return values.get(output!)!;
}

/** Names in `[["a", 0, 0], ["b", 0, 0]]`, or in `["a", 0, 0]`. */
function namesIn(nodes: readonly unknown[]): string[] {
  if (typeof nodes[0] === "string") return [nodes[0]];
  return (nodes as readonly (readonly unknown[])[]).map(([name]) => name as string);
}

function nameOf({ name, config }: LayerEntry): string {
  return name ?? (config.name as string);
}

function layerOutput(entry: LayerEntry, inputs: readonly string[], building: Building): string {
  const { class_name, config } = entry;
  if (["Sequential", "Functional", "Model"].includes(class_name))
    return modelOutput({ class_name, config }, inputs, building);
  const operator = layerOperators[class_name];
  if (operator === undefined) throw refusal(`no operator for the layer ${class_name}`);
  return operator({ ...building, inputs, config, name: nameOf(entry) });
}

function refusal(what: string): RunError {
  return new RunError("bad-format", `--format: onnx: ${what}`, {
    hint: "choose tfjs or safetensors, which hold every network",
  });
}
