import type { Builder } from "../../../src/tfjs/model-source.ts";

/** Drawings of 8 x 8 pixels: pools whose windows lie apart and overlap, a depthwise layer. */
const build: Builder = ({ tf }) => {
  const { layers } = tf;
  return tf.sequential({
    layers: [
      layers.reshape({ targetShape: [8, 8, 1], inputShape: [64] }),
      layers.conv2d({
        ...{ name: "one", filters: 6, kernelSize: 3 },
        ...{ padding: "same", activation: "relu" },
      }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.depthwiseConv2d({
        ...{ name: "two", kernelSize: 3, depthMultiplier: 2 },
        ...{ padding: "same", activation: "tanh" },
      }),
      layers.maxPooling2d({ poolSize: 2, strides: 1 }),
      layers.conv2d({ name: "three", filters: 8, kernelSize: 2, activation: "tanh" }),
      layers.flatten(),
      layers.dense({ name: "last", units: 5, activation: "softmax" }),
    ],
  });
};

export default build;
