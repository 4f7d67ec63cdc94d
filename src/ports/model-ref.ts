import { type ObjectRef, objectBytes } from "./object-ref.ts";

/** A model in one process, or in parts that no process need hold together. */
export type ModelRef = WholeModel | ShardedModel;

export interface WholeModel {
  readonly kind: "whole";
  /** In the problem's layout. */
  readonly weights: Float32Array<ArrayBuffer>;
}

/** Its weights are the parts' numbers, each part of dtype F32. */
export interface ShardedModel {
  readonly kind: "sharded";
  readonly parts: readonly ObjectRef[];
  /** The weights' tensors in the problem's layout; absent: the parts, one after another. */
  readonly tensors?: readonly PlacedTensor[];
}

/** Where among the parts a tensor is. */
export interface PlacedTensor {
  readonly part: number;
  /** The first of its numbers within the part. */
  readonly from: number;
  readonly length: number;
  /** Of its numbers, little-endian. */
  readonly sha256: string;
  /** Of a tensor that several parts share: they follow one another, from the first to the last. */
  readonly share?: TensorShare & { readonly shape: readonly number[] };
}

/**
 * One of several equal shares of a tensor, whose `axis` is `blocks` runs, each cut into `of`: of
 * every run the share has the one in place `part`.
 */
export interface TensorShare {
  readonly axis: number;
  readonly blocks: number;
  readonly part: number;
  readonly of: number;
}

export function wholeModel(weights: Float32Array<ArrayBuffer>): WholeModel {
  return { kind: "whole", weights };
}

/** Of all its weights, wherever they are. */
export function modelBytes(model: ModelRef): number {
  if (model.kind === "whole") return model.weights.byteLength;
  return model.parts.reduce((sum, part) => sum + objectBytes(part), 0);
}
