import { type ObjectRef, objectBytes } from "./object-ref.ts";

/** A model in one process, or in parts that no process need hold together. */
export type ModelRef = WholeModel | ShardedModel;

export interface WholeModel {
  readonly kind: "whole";
  /** In the problem's layout. */
  readonly weights: Float32Array<ArrayBuffer>;
}

/** Its weights are the parts' numbers, one part after another, each of dtype F32. */
export interface ShardedModel {
  readonly kind: "sharded";
  readonly parts: readonly ObjectRef[];
}

export function wholeModel(weights: Float32Array<ArrayBuffer>): WholeModel {
  return { kind: "whole", weights };
}

/** Of all its weights, wherever they are. */
export function modelBytes(model: ModelRef): number {
  if (model.kind === "whole") return model.weights.byteLength;
  return model.parts.reduce((sum, part) => sum + objectBytes(part), 0);
}
