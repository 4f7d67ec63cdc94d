import type { Builder } from "../../../src/tfjs/model-source.ts";

/** Sixteen characters through a GRU layer as TensorFlow.js has it: its gates are hard sigmoids. */
const build: Builder = ({ tf }) => {
  const { layers } = tf;
  return tf.sequential({
    layers: [
      layers.embedding({ name: "table", inputDim: 32, outputDim: 8, inputLength: 16 }),
      layers.gru({ name: "one", units: 12 }),
      layers.dense({ name: "last", units: 32, activation: "softmax" }),
    ],
  });
};

export default build;
