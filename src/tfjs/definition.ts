import type * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { RunError } from "../core/errors.ts";
import type { ParameterSpec } from "../math/vector.ts";
import { fromSafetensors, type Tensor, toSafetensors } from "../wire/safetensors.ts";

/** A network as everyone who computes with it reads it: its layers, and weights to start from. */
export interface NetworkDefinition {
  /** As Keras writes models: `{ class_name, config }`. */
  readonly topology: LayersTopology;
  /** By the names of pieces; those that are not there are drawn. */
  readonly weights: Readonly<Record<string, Tensor>>;
}

export interface LayersTopology {
  readonly class_name: string;
  readonly config: unknown;
}

/** What is known of a network without loading what computes it: plain data, part of a spec. */
export interface NetworkFacts {
  /** Of the definition, in the store. */
  readonly key: string;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly pieces: readonly ParameterSpec[];
  /** Classes of layers that the program registered by itself; absent where there are none. */
  readonly ownLayers?: readonly string[];
}

const format = "kofn-network-1";

/** The same definition gives the same bytes, whose digest names them. */
export function definitionBytes({ topology, weights }: NetworkDefinition): Uint8Array<ArrayBuffer> {
  return toSafetensors(weights, { format, topology: JSON.stringify(topology) });
}

export function readDefinition(bytes: Uint8Array, key: string): NetworkDefinition {
  const { tensors, metadata } = fromSafetensors(bytes, key);
  if (metadata.format !== format || metadata.topology === undefined)
    throw new RunError("bad-network", `${key}: it is not a network that this version knows`, {
      hint: "use the version of kofn that wrote it",
    });
  return { topology: JSON.parse(metadata.topology) as LayersTopology, weights: tensors };
}

/** One tensor of a network that is part of the weights. */
export interface WeightVariable extends ParameterSpec {
  readonly variable: tf.Variable;
}

/**
 * What training moves, in the order of the flat weights: trained tensors, then the moving averages
 * of batch normalisation. Weights of frozen layers are none of it.
 */
export function weightVariables(model: LayersModel): readonly WeightVariable[] {
  const trained = model.trainableWeights.map((weight) => slotOf(weight));
  const observed = observedWeights(model).map((weight) => ({
    ...slotOf(weight),
    observed: true as const,
  }));
  return distinct([...trained, ...observed]);
}

type Weight = LayersModel["weights"][number];

/** The averages that a batch normalisation layer keeps while it trains. */
function observedWeights(model: LayersModel): readonly Weight[] {
  const trained = new Set(model.trainableWeights);
  return normalizers(model).flatMap((layer) =>
    layer.weights.filter((weight) => !trained.has(weight)),
  );
}

/** Batch normalisation that trains, in nested models too. */
export function normalizers(model: { layers: LayersModel["layers"] }): LayersModel["layers"] {
  return model.layers.flatMap((layer) => {
    if ("layers" in layer) return normalizers(layer as unknown as LayersModel);
    return layer.getClassName() === "BatchNormalization" && layer.trainable ? [layer] : [];
  });
}

function slotOf(weight: Weight): WeightVariable {
  const { originalName: name, shape } = weight;
  const variable = weight.read() as tf.Variable;
  return { name, shape: shape.map(Number), variable };
}

/** Two layers may have the same name in two nested models. */
function distinct(slots: readonly WeightVariable[]): readonly WeightVariable[] {
  const counts = new Map<string, number>();
  return slots.map((slot) => {
    const count = counts.get(slot.name) ?? 0;
    counts.set(slot.name, count + 1);
    return count === 0 ? slot : { ...slot, name: `${slot.name}#${count}` };
  });
}

/** Plain data of a model that was built. */
export function shapesOf(model: LayersModel): Omit<NetworkFacts, "key"> {
  const inputShape = fixed(model.inputs[0]!.shape.slice(1), "input");
  const outputShape = fixed(model.outputs[0]!.shape.slice(1), "output");
  const pieces = weightVariables(model).map(({ variable: _, ...piece }) => piece);
  return { inputShape, outputShape, pieces };
}

function fixed(shape: readonly (number | null)[], which: string): readonly number[] {
  if (shape.every((size) => size !== null)) return shape as readonly number[];
  throw new RunError("bad-model", `problem.model: its ${which} shape [${shape}] is open`, {
    hint: "give the first layer an inputShape of numbers",
  });
}

export function weightCount(pieces: readonly ParameterSpec[]): number {
  return pieces.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** Values of some tensors by their names, read from a model. */
export function namedTensors(weights: readonly Weight[]): Record<string, Tensor> {
  const named = weights.map(
    (weight) =>
      [
        weight.originalName,
        { shape: weight.shape.map(Number), data: Float32Array.from(weight.read().dataSync()) },
      ] as const,
  );
  return Object.fromEntries(named);
}
