import type { Builder } from "../../src/tfjs/model-source.ts";

/** Eight layers, each of which hands on 4,096 numbers an example and computes next to nothing. */
const build: Builder = ({ tf }) => {
  const { dense, activation } = tf.layers;
  const middle = Array.from({ length: 6 }, () => activation({ activation: "relu" }));
  const first = dense({ units: 4_096, inputShape: [12] });
  return tf.sequential({ layers: [first, ...middle, dense({ units: 3, activation: "softmax" })] });
};

export default build;
