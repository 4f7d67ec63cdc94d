import type { Builder } from "../../../src/tfjs/model-source.ts";

/** Sixteen characters through two LSTM layers. */
const build: Builder = ({ tf }) => {
  const { layers } = tf;
  const recurrentActivation = "sigmoid";
  return tf.sequential({
    layers: [
      layers.embedding({ name: "table", inputDim: 32, outputDim: 8, inputLength: 16 }),
      layers.lstm({ name: "one", units: 12, returnSequences: true, recurrentActivation }),
      layers.lstm({ name: "two", units: 10, recurrentActivation }),
      layers.dense({ name: "last", units: 32, activation: "softmax" }),
    ],
  });
};

export default build;
