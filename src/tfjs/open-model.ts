import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, models } from "@tensorflow/tfjs-layers";
import { messageOf, RunError } from "../core/errors.ts";
import { registerLayers } from "./layers/own-layers.ts";

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

/** How many tensors live: a leak shows here. */
export function tensorCount(): number {
  return tf.memory().numTensors;
}
