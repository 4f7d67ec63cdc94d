import type * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { currentInPlace } from "../kernels/in-place.ts";
import { normalizedRows } from "../kernels/normal-rows.ts";

type Layer = LayersModel["layers"][number];

/** What a layer normalization of TensorFlow.js (4.22) holds. */
interface Normalization {
  readonly axis: readonly number[];
  readonly epsilon: number;
  readonly gamma: { read(): tf.Tensor } | null;
  readonly beta: { read(): tf.Tensor } | null;
}

/** Makes layers of TensorFlow.js, in models within too, compute in kofn's own kernels. */
export function fuseLayers(model: { readonly layers: LayersModel["layers"] }): void {
  for (const layer of model.layers) {
    if ("layers" in layer) fuseLayers(layer as unknown as LayersModel);
    else if (layer.getClassName() === "LayerNormalization") fuseNormalization(layer);
  }
}

/** Of the last axis alone: its rows stand one after another. */
function fuseNormalization(layer: Layer): void {
  const stock = layer.call.bind(layer);
  const call: typeof layer.call = (inputs, kwargs) => {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    const memory = currentInPlace();
    const { axis, epsilon, gamma, beta } = layer as unknown as Normalization;
    const isOurs = x.dtype === "float32" && x.rank > 1 && x.size > 0 && x.shape.at(-1)! > 1;
    if (memory === null || !isOurs || axis.join() !== String(x.rank - 1))
      return stock(inputs, kwargs);
    const weights = { gamma: gamma?.read() ?? null, beta: beta?.read() ?? null };
    return normalizedRows(memory, x, { ...weights, epsilon });
  };
  Object.assign(layer, { call });
}
