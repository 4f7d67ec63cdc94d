import type { Builder } from "../../src/tfjs/model-source.ts";

/** The network whose steps are counted. */
const build: Builder = ({ tf }) =>
  tf.sequential({
    layers: [
      tf.layers.dense({ units: 128, activation: "relu", inputShape: [784] }),
      tf.layers.dense({ units: 10, activation: "softmax" }),
    ],
  });

export default build;
