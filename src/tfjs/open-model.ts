import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, models } from "@tensorflow/tfjs-layers";
import { messageOf, RunError } from "../core/errors.ts";
import type { LayersTopology } from "./definition.ts";
import { registerLayers } from "./layers.ts";

/** A model built from its topology. Throws `RunError` that names a layer that is not known. */
export async function modelFrom(topology: object, place: string): Promise<LayersModel> {
  registerLayers();
  try {
    return await models.modelFromJSON(topology as Parameters<typeof models.modelFromJSON>[0]);
  } catch (thrown) {
    throw unopenable(thrown, place);
  }
}

/** What TensorFlow.js says of a model it cannot build, with its place. */
export function unopenable(thrown: unknown, place: string): RunError {
  if (thrown instanceof RunError) return thrown;
  const message = messageOf(thrown).split("\n", 1)[0]!;
  const unknown = /Unknown layer: (\S+?)[.\s]/.exec(message)?.[1];
  if (unknown !== undefined)
    return new RunError("unknown-layer", `${place}: layer ${unknown} is not known`, {
      hint: "use a layer of TensorFlow.js, or register the class as docs/networks.md says",
      cause: thrown,
    });
  return new RunError("bad-model", `${place}: ${message}`, {
    hint: "it must be a model.json of TensorFlow.js layers, as model.save() writes it",
    cause: thrown,
  });
}

/** Frees the variables of a model. */
export function closeModel(model: LayersModel): void {
  model.dispose();
}

export type Activation = "softmax" | "sigmoid";

/**
 * The same network without the softmax or sigmoid at its end, which then belongs to the loss: exact
 * where chances are near 0 or 1. Says what it took away.
 */
export function withoutLink(topology: LayersTopology): {
  topology: LayersTopology;
  link: Activation | null;
} {
  const copy = structuredClone(topology) as LayersTopology;
  const last = lastLayer(copy);
  if (last === null) return { topology, link: null };
  if (last.class_name === "Softmax") {
    const { name, trainable } = last.config as { name?: string; trainable?: boolean };
    last.class_name = "Activation";
    last.config = { name, trainable, activation: "linear" };
    return { topology: copy, link: "softmax" };
  }
  const { activation } = last.config as { activation?: unknown };
  if (activation !== "softmax" && activation !== "sigmoid") return { topology, link: null };
  (last.config as { activation: string }).activation = "linear";
  return { topology: copy, link: activation };
}

interface LayerConfig {
  class_name: string;
  name?: string;
  config: unknown;
}

function lastLayer(topology: LayersTopology): LayerConfig | null {
  const { config } = topology;
  const layers = Array.isArray(config) ? config : (config as { layers?: unknown }).layers;
  if (!Array.isArray(layers) || layers.length === 0) return null;
  const outputs = (config as { output_layers?: unknown }).output_layers as unknown[] | undefined;
  const name = outputs === undefined ? null : (outputs.flat(1)[0] as string);
  const last = (layers as LayerConfig[]).find((layer) => layer.name === name) ?? layers.at(-1);
  return ["Sequential", "Functional", "Model"].includes(last.class_name) ? lastLayer(last) : last;
}

/** How many tensors live: a leak shows here. */
export function tensorCount(): number {
  return tf.memory().numTensors;
}
