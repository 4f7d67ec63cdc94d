import type { Builder } from "../../src/tfjs/model-source.ts";

/** Eight filters of 3 x 3 over images of 28 x 28, a pool, ten classes. */
const build: Builder = ({ tf }) =>
  tf.sequential({
    layers: [
      tf.layers.reshape({ targetShape: [28, 28, 1], inputShape: [784] }),
      tf.layers.conv2d({ name: "conv", filters: 8, kernelSize: 3, activation: "relu" }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ name: "last", units: 10, activation: "softmax" }),
    ],
  });

export default build;
