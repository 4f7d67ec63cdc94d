import type { Builder } from "../../src/tfjs/model-source.ts";

/**
 * A small convolutional network for digits of 8 x 8 pixels. Its penalty keeps the least loss above
 * zero: losses that all vanish cannot be compared by their ratio.
 */
const build: Builder = ({ tf }) => {
  const convolution = (filters: number) =>
    tf.layers.conv2d({
      filters,
      kernelSize: 3,
      padding: "same",
      activation: "relu",
      kernelRegularizer: penalty(),
    });
  const penalty = () => tf.regularizers.l2({ l2: 0.005 });
  return tf.sequential({
    layers: [
      tf.layers.reshape({ targetShape: [8, 8, 1], inputShape: [64] }),
      convolution(8),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      convolution(16),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 10, activation: "softmax", kernelRegularizer: penalty() }),
    ],
  });
};

export default build;
