import * as tf from "@tensorflow/tfjs-core";

/** Operations that tensors have as methods where all of TensorFlow.js is loaded. */
const methods = (
  "abs add all any argMax argMin avgPool cast ceil clipByValue conv1d conv2d cumsum div dot elu " +
  "equal erf exp expandDims expm1 floor floorDiv gather greater greaterEqual isFinite isNaN " +
  "leakyRelu less lessEqual log log1p logSigmoid logSoftmax logSumExp logicalAnd logicalNot " +
  "logicalOr matMul max maxPool maximum mean min minimum mod mul neg norm notEqual oneHot " +
  "onesLike pad pow prelu prod reciprocal relu relu6 reshape reverse round rsqrt selu sigmoid " +
  "sign slice softmax softplus split sqrt square squaredDifference squeeze stridedSlice sub sum " +
  "tanh tile topk transpose unsortedSegmentSum unstack zerosLike"
).split(" ");

type TensorMethod = (this: tf.Tensor, ...args: unknown[]) => unknown;

/** Others are called after what they do. */
const named: Readonly<Record<string, TensorMethod>> = {
  flatten() {
    return tf.reshape(this, [this.size]);
  },
  as1D() {
    return tf.reshape(this, [this.size]);
  },
  asScalar() {
    return tf.reshape(this, []);
  },
  toFloat() {
    return tf.cast(this, "float32");
  },
  toInt() {
    return tf.cast(this, "int32");
  },
  concat(others, axis) {
    const all = Array.isArray(others) ? (others as tf.Tensor[]) : [others as tf.Tensor];
    return tf.concat([this, ...all], axis as number);
  },
};

/**
 * Gives tensors the methods that layers of TensorFlow.js themselves call (`x.mul(y)`), which its
 * core leaves out; those that are there stay.
 */
export function addTensorMethods(): void {
  const prototype = tf.Tensor.prototype as unknown as Record<string, unknown>;
  const operations = tf as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of methods) {
    const operation = operations[name]!;
    prototype[name] ??= function (this: tf.Tensor, ...args: unknown[]) {
      return operation(this, ...args);
    };
  }
  for (const [name, method] of Object.entries(named)) prototype[name] ??= method;
}
