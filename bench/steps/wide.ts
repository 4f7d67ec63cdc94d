import type { Builder } from "../../src/tfjs/model-source.ts";

const build: Builder = ({ tf }) =>
  tf.sequential({
    layers: [
      tf.layers.dense({ name: "hidden", units: 128, activation: "relu", inputShape: [784] }),
      tf.layers.dense({ name: "last", units: 10, activation: "softmax" }),
    ],
  });

export default build;
