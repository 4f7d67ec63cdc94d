import type { ObjectRef } from "../../ports/object-ref.ts";
import type { WorkerContext } from "../task-kind.ts";

/** A tensor as one task hands it to another: by value where it is small, else by reference. */
export type HandedTensor = Float32Array | ObjectRef;

/** Slopes of weights likewise: all numbers, or a payload that leaves out rows of zeros. */
export type HandedSlopes = HandedTensor | Uint8Array;

/** Reads it where it is in the store. Throws `RunError` where it is gone. */
export async function openTensor(
  place: WorkerContext,
  tensor: HandedTensor,
): Promise<Float32Array> {
  if (ArrayBuffer.isView(tensor)) return tensor;
  return (await place.object(tensor)) as Float32Array;
}

/** As `openTensor`, of slopes of weights. */
export async function openSlopes(
  place: WorkerContext,
  slopes: HandedSlopes,
): Promise<Float32Array | Uint8Array> {
  if (ArrayBuffer.isView(slopes)) return slopes;
  return (await place.object(slopes)) as Float32Array | Uint8Array;
}

/** Bytes of those that travel in the task itself. */
export function bytesByValue(tensors: readonly HandedSlopes[]): number[] {
  return tensors.flatMap((one) => (ArrayBuffer.isView(one) ? [one.byteLength] : []));
}
