import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { randomFrom } from "../core/random.ts";
import type { Tensor } from "../wire/safetensors.ts";
import { type LayersTopology, normalizers, readDefinition } from "./definition.ts";
import { closeModel, modelFrom } from "./open-model.ts";
import { withSeededRandom } from "./seeded-random.ts";
import { withoutLink } from "./without-link.ts";

/** A stored network in one piece, as it is trained. */
export interface WholeNetwork {
  readonly model: LayersModel;
  /** Without the softmax or sigmoid that the loss takes over. */
  readonly topology: LayersTopology;
  /** The weights that the definition has. */
  readonly stored: Readonly<Record<string, Tensor>>;
}

/** Builds it; weights that the definition lacks are drawn. */
export async function openWholeModel(
  bytes: Uint8Array,
  key: string,
  takesLink: boolean,
): Promise<WholeNetwork> {
  const { topology: storedTopology, weights: stored } = readDefinition(bytes, key);
  const topology = takesLink ? withoutLink(storedTopology).topology : storedTopology;
  // Frozen weights are stored, all others set before they are used.
  const model = await withSeededRandom(randomFrom("unset"), () => modelFrom(topology, key));
  try {
    prepareModel(model, stored);
  } catch (thrown) {
    closeModel(model);
    throw thrown;
  }
  return { model, topology, stored };
}

/** Makes of a model that was built one to train: its layers' own settings, and stored weights. */
export function prepareModel(model: LayersModel, stored: WholeNetwork["stored"]): void {
  for (const layer of model.layers) unseed(layer);
  // What a layer saw then stands in place of its averages, and is told as a gradient.
  for (const layer of normalizers(model)) Object.assign(layer, { momentum: 0 });
  for (const weight of model.weights) {
    const tensor = stored[weight.originalName];
    if (tensor === undefined) continue;
    tf.tidy(() => void weight.write(tf.tensor(tensor.data as Float32Array, [...tensor.shape])));
  }
}

/** A layer with a seed of its own would drop the same units every time. */
export function unseed(layer: object): void {
  if ("layers" in layer) for (const inner of layer.layers as object[]) unseed(inner);
  if ("seed" in layer) Object.assign(layer, { seed: undefined });
}
