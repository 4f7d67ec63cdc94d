import type { Builder } from "../../../src/tfjs/model-source.ts";

/** Sixteen characters by the mean of their rows of a table. */
const build: Builder = ({ tf }) => {
  const { layers } = tf;
  return tf.sequential({
    layers: [
      layers.embedding({ name: "table", inputDim: 32, outputDim: 12, inputLength: 16 }),
      layers.globalAveragePooling1d({}),
      layers.dense({ name: "hidden", units: 24, activation: "relu" }),
      layers.dense({ name: "last", units: 32, activation: "softmax" }),
    ],
  });
};

export default build;
