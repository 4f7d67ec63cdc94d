import * as tf from "@tensorflow/tfjs-core";

/** The loss at some outputs; writes its derivative. */
export type LossOfOutputs = (outputs: Float32Array, slopes: Float32Array) => number;

/** A number computed outside of tensors as a node of their graph; its slopes are known with it. */
export function lossNode(
  outputs: tf.Tensor,
  loss: LossOfOutputs,
  record: { loss: number },
): tf.Scalar {
  const node = tf.customGrad((operand: tf.Tensor | tf.GradSaveFunc) => {
    const reached = operand as tf.Tensor;
    const slopes = new Float32Array(reached.size);
    record.loss += loss(reached.dataSync() as Float32Array, slopes);
    return {
      value: tf.scalar(record.loss),
      gradFunc: (dy: tf.Tensor) => tf.mul(tf.tensor(slopes, reached.shape), dy),
    };
  });
  return node(outputs) as tf.Scalar;
}
