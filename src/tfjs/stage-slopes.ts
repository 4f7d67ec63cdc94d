import * as tf from "@tensorflow/tfjs-core";
import type { StagePass } from "../model-parallel/staged-model.ts";
import type { Tensor } from "../wire/safetensors.ts";
import type {
  ForwardPass,
  StageForward,
  StageLoss,
  StageModel,
  StageSlopes,
} from "./stage-model.ts";
import type { Tape } from "./tape.ts";

/** Where slopes of a weight at a use are put, an array of zeros; null: into one of their own. */
export type SlopesPlace = (node: string, weight: string) => Float32Array | null;

/** A tensor's numbers, copied. */
export function toData(tensor: tf.Tensor): Tensor {
  return { shape: [...tensor.shape], data: numbersOf(tensor).slice() };
}

/** A tensor's numbers where they stand, to be copied at once: WASM's own way copies them before. */
function numbersOf(tensor: tf.Tensor): Float32Array {
  const backend = tf.backend() as { typedArrayFromHeap?: (of: tf.Tensor) => Float32Array };
  const there = backend.typedArrayFromHeap?.(tensor);
  return there ?? (tensor.dataSync() as Float32Array);
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
  task: StagePass,
  loss: StageLoss | undefined,
  placeOf: SlopesPlace = () => null,
): Omit<StageSlopes, "observed"> {
  const { imports, weights } = tape.value;
  let total = 0;
  const lossResult = loss?.(toForward(tape.value).outputs);
  if (lossResult !== undefined) total += lossResult.loss;
  const number = (value: ForwardPass) => {
    const terms: tf.Tensor[] = [];
    const add = (output: tf.Tensor, by: Tensor["data"]) =>
      terms.push(tf.sum(tf.mul(output, tf.tensor(by as Float32Array, output.shape, "float32"))));
    for (const [key, { value: output }] of Object.entries(value.exports)) {
      const slope = slopes[key];
      if (slope !== undefined) add(output, slope.data);
    }
    for (const { index, value: output } of value.outputs) {
      const own = lossResult?.slopes.get(index);
      if (own !== undefined) add(output, own);
    }
    for (const penalty of value.penalties(stage)) {
      const once = tf.mul(penalty, task.examples);
      total += once.dataSync()[0]!;
      terms.push(once);
    }
    return terms.reduce((sum, term) => tf.add(sum, term), tf.scalar(0)) as tf.Scalar;
  };
  const variables = [...imports, ...weights].map(({ variable }) => variable);
  let ofImports: readonly (Tensor | null)[] = [];
  const own = weights.map(({ node, weight, variable }) => {
    return { node, weight, slopes: placeOf(node, weight) ?? new Float32Array(variable.size) };
  });
  tf.tidy(() => {
    const told = tape.slopes(number, variables);
    ofImports = told.slice(0, imports.length).map((slope) => slope && toData(slope));
    for (const [i, { slopes: place }] of own.entries()) {
      const slope = told[imports.length + i]!;
      if (slope !== null) place.set(numbersOf(slope));
    }
  });
  const moved = imports.map(({ key, variable }, i) => {
    const { shape, size } = variable;
    return [key, ofImports[i] ?? { shape, data: new Float32Array(size) }] as const;
  });
  return { loss: total, imports: Object.fromEntries(moved), weights: own };
}
