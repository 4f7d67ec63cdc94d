import { atSlot, type SlotMap, slotNumbers } from "../core/slot-map.ts";
import type { Encoding } from "../encoding/encoding.ts";
import { type DoublePart, type TensorPart, tensorLength } from "../math/slices/gradient-part.ts";
import { weightedSum } from "../math/slices/merge.ts";
import { addScaled, type TensorSpec } from "../math/vector.ts";
import type { WorkerReply } from "../tasks/protocol.ts";
import { readSlicedReply } from "../tasks/sliced-reply.ts";

/** What sums over shards stand for: the sizes that turn them into means over the data. */
export interface RowCounts {
  readonly encoding: Encoding;
  /** Stored rows of every slot. */
  readonly storedRows: readonly number[];
  /** Data rows that were encoded. */
  readonly rows: number;
}

/** Loss and gradient, or what else was asked, as means over the data. */
export interface Mean {
  readonly loss: number;
  readonly values: Float64Array<ArrayBuffer>;
}

/**
 * The mean over all data rows as the replies of `slots` estimate it: the weighted sum in slot
 * order, over n. With all slots and a tight code it is exact. Null where the code says that these
 * slots allow no estimate.
 */
export function estimate(
  shares: RowCounts,
  replies: SlotMap<WorkerReply>,
  slots: readonly number[],
): Mean | null {
  const weights = shares.encoding.weights(slots, shares.storedRows, shares.rows);
  if (weights === null) return null;
  const values = new Float64Array(atSlot(replies, slots[0]!)!.values.length);
  let loss = 0;
  for (let i = 0; i < slots.length; i++) {
    const weight = weights[i]! / shares.rows;
    if (weight === 0) continue;
    const reply = atSlot(replies, slots[i]!)!;
    loss += weight * reply.loss;
    addScaled(values, weight, reply.values);
  }
  return { loss, values };
}

/** The same, tensor by tensor. */
export interface PartsMean {
  readonly loss: number;
  readonly parts: readonly DoublePart[];
}

/**
 * As `estimate` of replies that tell gradients tensor by tensor: a table's distinct rows, added up
 * in slot order, and dense where a reply is or where that is no more bytes. The same bits. Throws
 * `RunError` for a reply that is about other tensors.
 */
export function estimateParts(
  shares: RowCounts,
  replies: SlotMap<WorkerReply>,
  slots: readonly number[],
  tensors: readonly TensorSpec[],
): PartsMean | null {
  const weights = shares.encoding.weights(slots, shares.storedRows, shares.rows);
  if (weights === null) return null;
  const factors: number[] = [];
  const sums: (readonly TensorPart[])[] = [];
  let loss = 0;
  for (const [i, slot] of slots.entries()) {
    const reply = atSlot(replies, slot)!;
    const weight = weights[i]! / shares.rows;
    if (weight === 0) continue;
    loss += weight * reply.loss;
    factors.push(weight);
    sums.push(readSlicedReply(reply, tensors));
  }
  const parts = tensors.map((tensor, i) => {
    const all = sums.map((one) => one[i]!);
    return weightedSum(all, factors, tensorLength(tensor));
  });
  return { loss, parts };
}

/**
 * The mean over all rows that replies are of, each of as many as its slot got through, and how many
 * they are together. Null for none.
 */
export function meanOfRows(
  replies: SlotMap<WorkerReply>,
  slots: readonly number[],
): (Mean & { readonly rows: number }) | null {
  const all = slots.map((slot) => atSlot(replies, slot)!);
  const rows = all.reduce((sum, reply) => sum + reply.rows!, 0);
  if (rows === 0) return null;
  const values = new Float64Array(all[0]!.values.length);
  let loss = 0;
  for (const reply of all) {
    loss += reply.loss / rows;
    addScaled(values, 1 / rows, reply.values);
  }
  return { rows, loss, values };
}

/** These slots' replies would allow an estimate. */
export function isDecodable(
  { encoding, storedRows, rows }: RowCounts,
  slots: readonly number[],
): boolean {
  return encoding.weights(slots, storedRows, rows) !== null;
}

/** The part of all stored rows that these slots hold, 1 for all. */
export function rowShareOf(shares: RowCounts, slots: readonly number[]): number {
  let seen = 0;
  let all = 0;
  for (const rows of shares.storedRows) all += rows;
  for (const slot of slots) seen += shares.storedRows[slot]!;
  return seen / all;
}

/**
 * V: how far the slots' own estimates of a mean lie about their mean, as a sample variance summed
 * over the coordinates. A slot's own estimate is its weighted sum times the number of slots.
 */
export function varianceOf(
  { encoding, storedRows, rows }: RowCounts,
  replies: SlotMap<{ readonly values: Float32Array | Float64Array }>,
  mean: Float64Array,
): number {
  const slots = slotNumbers(replies);
  const weights = encoding.weights(slots, storedRows, rows);
  if (weights === null || slots.length < 2) return 0;
  const factor = slots.length / rows;
  let sum = 0;
  for (let i = 0; i < slots.length; i++) {
    const { values } = atSlot(replies, slots[i]!)!;
    const weight = weights[i]! * factor;
    for (let j = 0; j < mean.length; j++) sum += (weight * values[j]! - mean[j]!) ** 2;
  }
  return sum / (slots.length - 1);
}
