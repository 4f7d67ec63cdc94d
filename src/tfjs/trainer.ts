import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Random } from "../core/random.ts";
import type { PresentRows } from "../math/slices/present.ts";
import type { Tensor } from "../wire/safetensors.ts";
import { addClippedRows, type RowBatch, refuseStateful } from "./batches.ts";
import { type WeightVariable, weightCount, weightVariables } from "./definition.ts";
import { type DenseChain, denseChainOf } from "./dense-chain.ts";
import { applyModel, type Differentiated, differentiate } from "./gradient-pass.ts";
import { slicedGradients, type TableSlot } from "./gradient-sums.ts";
import { drawing } from "./kept-model.ts";
import { ownNumbers, rowsInPlace } from "./kernels/platform.ts";
import { openTables } from "./layers/table-rows.ts";
import { closeModel } from "./open-model.ts";
import { withSeededRandom } from "./seeded-random.ts";
import { openTableWalk } from "./table-walk.ts";
import type { OutputLoss, Trainer } from "./trainer-contract.ts";

/** A network as TensorFlow.js computes it. */
export function trainerOf(
  model: LayersModel,
  stored: Readonly<Record<string, Tensor>>,
  loss: OutputLoss,
): Trainer & { readonly chain: DenseChain | null } {
  const slots = weightVariables(model);
  const of = { model, slots, lossOf: loss };
  const tables = tableSlots(model, slots);
  return {
    chain: denseChainOf(model),
    weightsLength: weightCount(slots),
    width: model.outputs[0]!.shape.slice(1).reduce<number>((a, b) => a * Number(b), 1),
    initial: (random) => initialWeights(model, slots, stored, random),
    set: (weights, moved) => setWeights(slots, weights, moved),
    sliced:
      tables.length === 0
        ? null
        : slicedGradients(slots, tables, (part, own, told) => differentiate(of, part, own, told)),
    openWalk: (weights, gradientHere) =>
      tables.length === 0 ? null : openTableWalk({ slots, tables }, weights, gradientHere),
    addGradient: (part, gradient, random) =>
      withSeededRandom(random, () => addGradient(of, part, gradient)),
    addClipped(part, clip, clipped, random) {
      refuseStateful(model.layers);
      addClippedRows(part, clip, clipped, (one, own) =>
        withSeededRandom(random.fork("row"), () => addGradient(of, one, own)),
      );
    },
    penalty: () =>
      tf.tidy(() => model.calculateLosses().reduce((sum, one) => sum + one.dataSync()[0]!, 0)),
    outputs: (part) => outputsOf(model, part),
  };
}

/** The tables of a model by their places among its weights. */
export function tableSlots(model: LayersModel, slots: readonly WeightVariable[]): TableSlot[] {
  return openTables(model).map(({ variable, hasPenalty }) => ({
    at: slots.findIndex((slot) => slot.variable === variable),
    hasPenalty,
  }));
}

/** Not what `tidy` returns: it looks for tensors in that, number by number. */
function outputsOf(model: LayersModel, part: RowBatch): Float32Array {
  const outputs = tf.tidy(() => applyModel(model, part, false));
  const values = outputs.dataSync() as Float32Array;
  outputs.dispose();
  return values;
}

/** Adds the gradient over a batch to the flat one; returns the sum of its losses. */
function addGradient(of: Differentiated, part: RowBatch, gradient: Float64Array): number {
  const { loss, slopes, observed } = differentiate(of, part);
  let from = 0;
  for (const [at, { variable }] of of.slots.entries()) {
    const own = slopes.get(at) ?? observed.get(at);
    if (own !== undefined) for (let i = 0; i < own.length; i++) gradient[from + i]! += own[i]!;
    from += variable.size;
  }
  return loss;
}

/**
 * Gives variables their part of the flat weights; of those of which `moved` tells rows, these rows
 * alone.
 */
export function setWeights(
  slots: readonly WeightVariable[],
  weights: Float32Array,
  moved?: PresentRows,
): void {
  let at = 0;
  for (const [i, { variable, shape }] of slots.entries()) {
    const own = weights.subarray(at, at + variable.size);
    const rows = moved?.[i] ?? null;
    const here = rows === null ? null : rowsInPlace(variable);
    if (here !== null) copyRows(here, own, rows!, shape[1]!);
    else tf.tidy(() => variable.assign(tf.tensor(ownNumbers(own), variable.shape)));
    at += variable.size;
  }
}

function copyRows(to: Float32Array, from: Float32Array, ids: Uint32Array, columns: number): void {
  for (const id of ids) for (let j = id * columns; j < (id + 1) * columns; j++) to[j] = from[j]!;
}

/** Draws a model of the same layers, and reads it. */
export function initialWeights(
  model: LayersModel,
  slots: readonly WeightVariable[],
  stored: Readonly<Record<string, Tensor>>,
  random: Random,
): Float32Array<ArrayBuffer> {
  const drawn = drawing(model)(random);
  const weights = new Float32Array(weightCount(slots));
  let at = 0;
  for (const [i, { variable }] of weightVariables(drawn).entries()) {
    const { name } = slots[i]!;
    weights.set(stored[name]?.data ?? variable.dataSync(), at);
    at += variable.size;
  }
  closeModel(drawn);
  return weights;
}
