import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { mergeAll, mergeSlices } from "../math/slices/merge.ts";
import { isMerged, type Slices } from "../math/slices/slices.ts";
import { type RowBatch, weightOfRows } from "./batches.ts";
import type { WeightVariable } from "./definition.ts";
import { freeRows } from "./kernels/merged-rows.ts";
import { type LookedUp, type RowsTold, withRowPass } from "./layers/table-rows.ts";
import { type LossOfOutputs, lossNode } from "./loss-node.ts";
import type { OutputLoss } from "./trainer-contract.ts";

/** A model, what of it training moves, and its loss. */
export interface Differentiated {
  readonly model: LayersModel;
  readonly slots: readonly WeightVariable[];
  readonly lossOf: OutputLoss;
}

/** What came of one batch of rows, by the places of the slots. */
export interface GradientPass {
  readonly loss: number;
  /** Of a trained tensor: its slopes, where the loss depends on all of it. */
  readonly slopes: ReadonlyMap<number, Float32Array>;
  /** Of a table: its rows that were looked up, in the order in which they were differentiated. */
  readonly rows: ReadonlyMap<number, readonly LookedUp[]>;
  /** Of an average that layers keep: its value less what they saw. */
  readonly observed: ReadonlyMap<number, Float64Array>;
}

/** Computes the model's outputs. */
export function applyModel(
  model: LayersModel,
  { count, values }: RowBatch,
  training: boolean,
): tf.Tensor {
  const input = model.inputs[0]!;
  const shape = [count, ...input.shape.slice(1).map(Number)];
  const flat = tf.tensor(values, shape, "float32");
  const features = input.dtype === "int32" ? tf.cast(flat, "int32") : flat;
  return model.apply(features, { training }) as tf.Tensor;
}

/** As `differentiateLoss` of a batch of rows. */
export function differentiate(
  { model, slots, lossOf }: Differentiated,
  part: RowBatch,
  tables: readonly number[] = [],
  told: RowsTold = "merged",
): GradientPass {
  const { targets, values, rowWeights } = part;
  const count = weightOfRows(part);
  const outputs = () => applyModel(model, part, true);
  const loss: LossOfOutputs = (scores, own) => lossOf(scores, targets, values, own, rowWeights);
  return differentiateLoss({ model, slots }, { outputs, loss, count }, tables, told);
}

/** What is differentiated: a model's outputs for rows that count so many, and their loss. */
export interface LossPass {
  readonly outputs: () => tf.Tensor;
  readonly loss: LossOfOutputs;
  readonly count: number;
}

/**
 * Differentiates the sum of losses over some rows. The gradients of `tables`, places of slots, are
 * taken row by row where rows are looked up in them, as `told` says; where one is used otherwise as
 * well, that stands among the slopes. The layers' averages are as they were afterwards.
 */
export function differentiateLoss(
  { model, slots }: Pick<Differentiated, "model" | "slots">,
  { outputs, loss, count }: LossPass,
  tables: readonly number[],
  told: RowsTold = "merged",
): GradientPass {
  const before = slots.map(({ variable, observed }) => observed && variable.dataSync());
  const slopes = new Map<number, Float32Array>();
  const rows = new Map(tables.map((at): [number, LookedUp[]] => [at, []]));
  const found = new Map([...rows].map(([at, list]) => [slots[at]!.variable, list]));
  const lossRecord = { loss: 0 };
  const anchor = tables.length === 0 ? null : tf.tidy(() => tf.variable(tf.scalar(0)));
  tf.tidy(() => {
    const whole = () => {
      const node = lossNode(outputs(), loss, lossRecord);
      const penalties = model.calculateLosses();
      // A penalty inside the model counts once a row, so that sums over parts add up.
      for (const one of penalties) lossRecord.loss += one.dataSync()[0]! * count;
      const counted = penalties.map((one) => tf.mul(one, count) as tf.Scalar);
      return counted.reduce((sum, one) => tf.add(sum, one), node);
    };
    const trained = slots.flatMap(({ observed, variable }) => (observed ? [] : [variable]));
    const { grads } =
      anchor === null
        ? tf.variableGrads(whole, trained)
        : withRowPass({ anchor: anchor as tf.Scalar, found, told }, () =>
            tf.variableGrads(whole, [...trained, anchor]),
          );
    for (const [at, { variable, observed }] of slots.entries()) {
      const own = observed ? undefined : grads[variable.name];
      if (own) slopes.set(at, own.dataSync() as Float32Array);
    }
  });
  anchor?.dispose();
  return { loss: lossRecord.loss, slopes, rows, observed: takeObserved(slots, before, count) };
}

/** A table's rows in one pass, merged in the precision and order of a dense gradient's sums. */
export function mergedRows(calls: readonly LookedUp[]): LookedUp | null {
  const [first] = calls;
  if (first === undefined) return null;
  if (calls.length === 1 && isMerged(first)) return first;
  const sum = mergeAll(calls.map(ownMerged));
  freeRows(calls);
  return { ...sum, isFromZeros: calls.every(({ isFromZeros }) => isFromZeros) };
}

/** Merged, and out of the memory of a backend: where they are there every look at them copies. */
function ownMerged(call: LookedUp): Slices<Float32Array<ArrayBuffer>> {
  const { rows, columns, ids, values } = mergeSlices<Float32Array<ArrayBuffer>>(call);
  return { rows, columns, ids, values };
}

/** What layers saw of a batch, as a gradient; gives them their averages back. */
function takeObserved(
  slots: readonly WeightVariable[],
  before: readonly (ArrayLike<number> | undefined)[],
  rows: number,
): Map<number, Float64Array> {
  const all = new Map<number, Float64Array>();
  for (const [at, { variable, observed }] of slots.entries()) {
    if (!observed) continue;
    const old = before[at] as Float32Array;
    const seen = variable.dataSync();
    all.set(
      at,
      Float64Array.from(old, (value, i) => rows * (value - seen[i]!)),
    );
    tf.tidy(() => variable.assign(tf.tensor(old, variable.shape)));
  }
  return all;
}
