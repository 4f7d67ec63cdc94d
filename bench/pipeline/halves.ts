import type { Builder } from "../../src/tfjs/model-source.ts";

/** Four layers of a million weights each, two for each of two stages. */
const build: Builder = ({ tf }) => {
  const { dense } = tf.layers;
  const wide = Array.from({ length: 4 }, () => dense({ units: 1_024, activation: "tanh" }));
  const first = dense({ units: 1_024, inputShape: [12] });
  return tf.sequential({ layers: [first, ...wide, dense({ units: 3, activation: "softmax" })] });
};

export default build;
