import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Random } from "../core/random.ts";
import type { Tensor } from "../wire/safetensors.ts";
import { addClippedRows, type RowBatch, refuseStateful } from "./batches.ts";
import { type WeightVariable, weightCount, weightVariables } from "./definition.ts";
import { type DenseChain, denseChainOf } from "./dense-chain.ts";
import { withSeededRandom } from "./seeded-random.ts";
import type { EngineOptions, OutputLoss, Trainer } from "./trainer-contract.ts";
import { openWholeModel } from "./whole-model.ts";

/** A network as TensorFlow.js computes it. */
export async function openTrainer(
  bytes: Uint8Array,
  key: string,
  { loss, takesLink }: Pick<EngineOptions, "loss" | "takesLink">,
): Promise<Trainer & { readonly chain: DenseChain | null }> {
  const { model, stored } = await openWholeModel(bytes, key, takesLink);
  const slots = weightVariables(model);
  return {
    chain: denseChainOf(model),
    weightsLength: weightCount(slots),
    width: model.outputs[0]!.shape.slice(1).reduce<number>((a, b) => a * Number(b), 1),
    initial: (random) => initialWeights(model, slots, stored, random),
    set: (weights) => setWeights(slots, weights),
    addGradient: (part, gradient, random) =>
      withSeededRandom(random, () => addGradient(model, slots, part, loss, gradient)),
    addClipped(part, clip, clipped, random) {
      refuseStateful(model.layers);
      addClippedRows(part, clip, clipped, (one, own) =>
        withSeededRandom(random.fork("row"), () => addGradient(model, slots, one, loss, own)),
      );
    },
    penalty: () =>
      tf.tidy(() => model.calculateLosses().reduce((sum, one) => sum + one.dataSync()[0]!, 0)),
    outputs: (part) => outputsOf(model, part),
  };
}

function apply(model: LayersModel, { count, values }: RowBatch, training: boolean): tf.Tensor {
  const input = model.inputs[0]!;
  const shape = [count, ...input.shape.slice(1).map(Number)];
  const flat = tf.tensor(values, shape, "float32");
  const features = input.dtype === "int32" ? tf.cast(flat, "int32") : flat;
  return model.apply(features, { training }) as tf.Tensor;
}

/** Not what `tidy` returns: it looks for tensors in that, number by number. */
function outputsOf(model: LayersModel, part: RowBatch): Float32Array {
  const outputs = tf.tidy(() => apply(model, part, false));
  const values = outputs.dataSync() as Float32Array;
  outputs.dispose();
  return values;
}

function addGradient(
  model: LayersModel,
  slots: readonly WeightVariable[],
  part: RowBatch,
  lossOf: OutputLoss,
  gradient: Float64Array,
): number {
  const trained = slots.filter(({ observed }) => observed === undefined);
  const before = slots.filter(({ observed }) => observed).map((slot) => slot.variable.dataSync());
  const lossRecord = { loss: 0 };
  tf.tidy(() => {
    const whole = () => {
      const node = lossNode(apply(model, part, true), part, lossOf, lossRecord);
      const penalties = model.calculateLosses();
      // A penalty inside the model counts once a row, so that sums over parts add up.
      for (const one of penalties) lossRecord.loss += one.dataSync()[0]! * part.count;
      const counted = penalties.map((one) => tf.mul(one, part.count) as tf.Scalar);
      return counted.reduce((sum, one) => tf.add(sum, one), node);
    };
    const variables = trained.map(({ variable }) => variable);
    const { grads } = tf.variableGrads(whole, variables);
    let at = 0;
    for (const { variable } of trained) {
      const own = grads[variable.name]?.dataSync() as Float32Array | undefined;
      if (own !== undefined) for (let i = 0; i < own.length; i++) gradient[at + i]! += own[i]!;
      at += variable.size;
    }
  });
  observe(slots, before, part.count, gradient);
  return lossRecord.loss;
}

/** The loss of outputs as a node of the graph; its slopes are known with it. */
function lossNode(
  outputs: tf.Tensor,
  part: RowBatch,
  lossOf: OutputLoss,
  lossRecord: { loss: number },
): tf.Scalar {
  const node = tf.customGrad((operand: tf.Tensor | tf.GradSaveFunc) => {
    const reached = operand as tf.Tensor;
    const slopes = new Float32Array(reached.size);
    lossRecord.loss += lossOf(
      reached.dataSync() as Float32Array,
      part.targets,
      part.values,
      slopes,
    );
    return {
      value: tf.scalar(lossRecord.loss),
      gradFunc: (dy: tf.Tensor) => tf.mul(tf.tensor(slopes, reached.shape), dy),
    };
  });
  return node(outputs) as tf.Scalar;
}

/** Tells what layers saw as a gradient, and gives them their averages back. */
function observe(
  slots: readonly WeightVariable[],
  before: readonly ArrayLike<number>[],
  rows: number,
  gradient: Float64Array,
): void {
  let at = 0;
  let index = 0;
  for (const { variable, observed } of slots) {
    if (observed) {
      const old = before[index++]! as Float32Array;
      const seen = variable.dataSync();
      for (let i = 0; i < old.length; i++) gradient[at + i]! += rows * (old[i]! - seen[i]!);
      tf.tidy(() => variable.assign(tf.tensor(old, variable.shape)));
    }
    at += variable.size;
  }
}

function setWeights(slots: readonly WeightVariable[], weights: Float32Array): void {
  let at = 0;
  tf.tidy(() => {
    for (const { variable } of slots) {
      const own = weights.slice(at, at + variable.size);
      variable.assign(tf.tensor(own, variable.shape));
      at += variable.size;
    }
  });
}

/** Draws a model of the same layers, and reads it. */
function initialWeights(
  model: LayersModel,
  slots: readonly WeightVariable[],
  stored: Readonly<Record<string, Tensor>>,
  random: Random,
): Float32Array<ArrayBuffer> {
  const kind = model.constructor as unknown as {
    fromConfig(kind: unknown, config: unknown): LayersModel;
  };
  const drawn = withSeededRandom(random, () => kind.fromConfig(kind, model.getConfig()));
  const weights = new Float32Array(weightCount(slots));
  let at = 0;
  for (const [i, { variable }] of weightVariables(drawn).entries()) {
    const { name } = slots[i]!;
    weights.set(stored[name]?.data ?? variable.dataSync(), at);
    at += variable.size;
  }
  drawn.dispose();
  return weights;
}
