import * as tf from "@tensorflow/tfjs-layers";
import { losses, overRows } from "../../src/problems/network/losses.ts";
import type { BackendChoice } from "../../src/tfjs/backend.ts";
import { definitionBytes, type LayersTopology } from "../../src/tfjs/definition.ts";
import { type Engine, openEngine } from "../../src/tfjs/engine.ts";
import { ownLayers, registerLayers } from "../../src/tfjs/layers/own-layers.ts";

const { layers } = tf;

/** Tiny networks, one for each kind of kernel that training needs. */
export const models: Readonly<Record<string, () => tf.LayersModel>> = {
  "a convolutional net": () =>
    tf.sequential({
      layers: [
        layers.reshape({ targetShape: [6, 6, 1], inputShape: [36] }),
        layers.conv2d({ filters: 4, kernelSize: 3, padding: "same", activation: "tanh" }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.conv2d({ filters: 3, kernelSize: [2, 3], strides: [1, 2], padding: "valid" }),
        layers.averagePooling2d({ poolSize: [1, 1] }),
        layers.batchNormalization(),
        layers.flatten(),
        layers.dense({ units: 5, activation: "softmax" }),
      ],
    }),
  "a depthwise net": () =>
    tf.sequential({
      layers: [
        layers.reshape({ targetShape: [6, 6, 1], inputShape: [36] }),
        layers.conv2d({ filters: 3, kernelSize: 1, activation: "tanh" }),
        layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" }),
        layers.separableConv2d({ filters: 2, kernelSize: 3, strides: 2, padding: "valid" }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 5 }),
      ],
    }),
  "an embedding model": () =>
    tf.sequential({
      layers: [
        layers.embedding({ inputDim: 7, outputDim: 4, inputLength: 6 }),
        layers.flatten(),
        layers.dense({ units: 5 }),
      ],
    }),
  "an LSTM": () =>
    tf.sequential({
      layers: [
        layers.embedding({ inputDim: 7, outputDim: 4, inputLength: 6 }),
        layers.lstm({ units: 4, returnSequences: true }),
        layers.gru({ units: 3 }),
        layers.dense({ units: 5 }),
      ],
    }),
  "an attention block": () => {
    registerLayers();
    const input = tf.input({ shape: [6] });
    const table = layers.embedding({ inputDim: 7, outputDim: 8 });
    const tokens = ownLayers.positionEmbedding().apply(table.apply(input)) as tf.SymbolicTensor;
    const normed = layers.layerNormalization({}).apply(tokens) as tf.SymbolicTensor;
    const mixed = ownLayers.causalSelfAttention({ heads: 2 }).apply(normed);
    const sum = layers.add().apply([tokens, mixed as tf.SymbolicTensor]);
    return tf.model({ inputs: input, outputs: layers.dense({ units: 7 }).apply(sum) as never });
  },
};

/** The engine of a model, as it would come from the store. */
export function engineOf(
  model: tf.LayersModel,
  backend: BackendChoice,
  engine: "auto" | "tfjs" = "tfjs",
): Promise<Engine> {
  const { class_name, config } = model.toJSON(null, false) as unknown as LayersTopology;
  const bytes = definitionBytes({ topology: { class_name, config }, weights: {} });
  const shape = model.outputs[0]!.shape.slice(1).map(Number);
  const width = shape.at(-1)!;
  const positions = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const loss = overRows(losses.categoricalCrossentropy, positions, width);
  return openEngine(bytes, "networks/test", { backend, engine, loss, takesLink: true });
}
