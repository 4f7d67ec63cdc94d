import * as tf from "@tensorflow/tfjs-core";
import { RunError } from "../../core/errors.ts";
import type { Flat } from "../../optimizers/adaptive/core.ts";

export function variableOf(name: string): tf.Variable {
  const variable = tf.engine().registeredVariables[name];
  if (variable !== undefined) return variable;
  throw new RunError("unknown-variable", `applyGradients: no variable is called ${name}`, {
    hint: "gradients go by the names of tf.variable(); was the model disposed?",
  });
}

/** Their values, one after another, into `out`. */
export function gather(tensors: readonly tf.Tensor[], out: Flat): void {
  let at = 0;
  for (const tensor of tensors) {
    out.set(tensor.dataSync(), at);
    at += tensor.size;
  }
}

/** The values of `flat`, one variable's after another's, rounded to single precision. */
export function scatter(flat: Flat, variables: readonly tf.Variable[]): void {
  let at = 0;
  for (const variable of variables) {
    assign(variable, Float32Array.from(flat.subarray(at, at + variable.size)));
    at += variable.size;
  }
}

export function assign(variable: tf.Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}

/** Double precision as a tensor: two int32 words a number, the low one first, so no bit is lost. */
export function toFloat64Words(values: Flat, shape: readonly number[]): tf.Tensor {
  const words = new Int32Array(values.buffer.slice(values.byteOffset, byteEnd(values)));
  return tf.tensor(words, [...shape, 2], "int32");
}

export async function fromFloat64Words(name: string, tensor: tf.Tensor): Promise<Flat> {
  if (tensor.dtype !== "int32" || tensor.shape.at(-1) !== 2) {
    const actual = `${tensor.dtype} of shape [${tensor.shape.join(", ")}]`;
    throw new RunError("bad-state", `setWeights: ${name} is ${actual}, not pairs of int32 words`, {
      hint: "hand it what getWeights() gave, in full precision",
    });
  }
  return new Float64Array(Int32Array.from(await tensor.data()).buffer);
}

function byteEnd({ byteOffset, byteLength }: Flat): number {
  return byteOffset + byteLength;
}

/** Options as a saved model can hold them: it takes "_" out of every text it reads. */
export function toConfig(value: unknown): tf.serialization.ConfigDictValue {
  if (typeof value === "string") return value.replaceAll("%", "%25").replaceAll("_", "%5F");
  if (Array.isArray(value)) return value.map(toConfig);
  if (typeof value !== "object" || value === null) return value as tf.serialization.ConfigDictValue;
  const entries = Object.entries(value).filter(([, own]) => own !== undefined);
  return Object.fromEntries(entries.map(([key, own]) => [key, toConfig(own)]));
}

export function fromConfig(value: unknown): unknown {
  if (typeof value === "string") return decodeURIComponent(value);
  if (Array.isArray(value)) return value.map(fromConfig);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, fromConfig(own)]));
}
