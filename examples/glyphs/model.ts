import type { Builder } from "kofn/tfjs";

/** A small convolutional network for drawings of 8 x 8 pixels. */
export function convolutional(classes: number): Builder {
  return ({ tf }) =>
    tf.sequential({
      layers: [
        tf.layers.reshape({ targetShape: [8, 8, 1], inputShape: [64] }),
        tf.layers.conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.conv2d({ filters: 16, kernelSize: 3, padding: "same", activation: "relu" }),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: classes, activation: "softmax" }),
      ],
    });
}

export default convolutional(5);
