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
