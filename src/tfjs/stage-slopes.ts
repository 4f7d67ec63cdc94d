import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "../wire/safetensors.ts";
import type { StageForward, StageLoss, StageModel, StageSlopes, StageTask } from "./stage.ts";
import type { ForwardPass } from "./stage-forward.ts";
import type { Tape } from "./tape.ts";

/** A tensor's numbers, copied. */
export function toData(tensor: tf.Tensor): Tensor {
  return { shape: [...tensor.shape], data: tensor.dataSync().slice() as Float32Array };
}

export function toForward({
  exports,
  outputs,
}: ForwardPass): Pick<StageForward, "exports" | "outputs"> {
  const own = Object.entries(exports).map(([, { tensor, value }]) => [tensor, toData(value)]);
  return {
    exports: Object.fromEntries(own),
    outputs: new Map(outputs.map(({ index, value }) => [index, toData(value)])),
  };
}

/** Frees what a pass was differentiated by. */
export function closeVariables({ imports, weights }: ForwardPass): void {
  for (const { variable } of [...imports, ...weights]) variable.dispose();
}

/** Differentiates a pass by its imports and weights, and frees its tape. */
export function slopesOf(
  stage: StageModel,
  tape: Tape<ForwardPass>,
  slopes: Readonly<Record<string, Tensor>>,
  task: StageTask,
  loss: StageLoss | undefined,
): StageSlopes {
  const { imports, weights } = tape.value;
  let total = 0;
  const told = loss?.(toForward(tape.value).outputs);
  if (told !== undefined) total += told.loss;
  const number = (value: ForwardPass) => {
    const terms: tf.Tensor[] = [];
    const add = (made: tf.Tensor, by: Tensor["data"]) =>
      terms.push(tf.sum(tf.mul(made, tf.tensor(by as Float32Array, made.shape, "float32"))));
    for (const [key, { value: made }] of Object.entries(value.exports)) {
      const given = slopes[key];
      if (given !== undefined) add(made, given.data);
    }
    for (const { index, value: made } of value.outputs) {
      const own = told?.slopes.get(index);
      if (own !== undefined) add(made, own);
    }
    for (const penalty of value.penalties(stage)) {
      const once = tf.mul(penalty, task.examples);
      total += once.dataSync()[0]!;
      terms.push(once);
    }
    return terms.reduce((sum, term) => tf.add(sum, term), tf.scalar(0)) as tf.Scalar;
  };
  const variables = [...imports, ...weights].map(({ variable }) => variable);
  let found: readonly (Tensor | null)[] = [];
  tf.tidy(() => {
    found = tape.slopes(number, variables).map((slope) => slope && toData(slope));
  });
  const moved = imports.flatMap(({ key }, i) => (found[i] ? [[key, found[i]] as const] : []));
  const own = weights.map(({ node, weight, variable }, i) => {
    const data = found[imports.length + i]?.data as Float32Array | undefined;
    return { node, weight, slopes: data ?? new Float32Array(variable.size) };
  });
  return { loss: total, imports: Object.fromEntries(moved), weights: own };
}
