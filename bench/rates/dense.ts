import type { Builder } from "../../src/tfjs/model-source.ts";

/** Two hidden layers for 8 x 8 drawings of digits, with a penalty that keeps the loss off zero. */
const build: Builder = ({ tf }) => {
  const penalty = () => tf.regularizers.l2({ l2: 0.001 });
  const dense = { activation: "relu", kernelRegularizer: penalty() } as const;
  return tf.sequential({
    layers: [
      tf.layers.dense({ ...dense, units: 32, inputShape: [64] }),
      tf.layers.dense({ ...dense, units: 32 }),
      tf.layers.dense({ units: 10, activation: "softmax", kernelRegularizer: penalty() }),
    ],
  });
};

export default build;
