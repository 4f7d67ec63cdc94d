import type { Builder } from "../../src/tfjs/model-source.ts";

/** The network whose private steps are timed. */
const build: Builder = ({ tf }) =>
  tf.sequential({
    layers: [
      tf.layers.dense({ units: 64, activation: "relu", inputShape: [64] }),
      tf.layers.dense({ units: 10, activation: "softmax" }),
    ],
  });

export default build;
