import { assert } from "../../core/errors.ts";
import { matrixShape, type TensorPart, tensorLength } from "../../math/slices/gradient-part.ts";
import { isShorterAsSlices } from "../../math/slices/slices.ts";
import type { TensorSpec } from "../../math/vector.ts";
import type { StageFile } from "../../model-parallel/pipeline-layout.ts";
import { payloadOfParts, readTensorParts } from "../sliced-reply.ts";

type Shaped = Pick<TensorSpec, "shape">;

/**
 * A stage's slopes with those of tables by their rows: rows of zeros alone are left out where that
 * is fewer bytes. Whoever adds them up comes to the same bits. Other fields stay as they are.
 */
export function slopesByRows(
  { gradients, parts }: Pick<StageFile, "gradients" | "parts">,
  fields: Readonly<Record<string, Float32Array>>,
): Readonly<Record<string, Float32Array | Uint8Array>> {
  const shorter = gradients.map(({ field, uses }, k) => {
    const shapes = new Map(parts[k]!.map((one) => [one.name, one] as const));
    const tensors = uses.map(({ weight }) => shapes.get(weight)!);
    return [field, withoutZeroRows(fields[field]!, tensors)] as const;
  });
  return { ...fields, ...Object.fromEntries(shorter) };
}

function withoutZeroRows(
  slopes: Float32Array,
  tensors: readonly Shaped[],
): Float32Array | Uint8Array {
  let from = 0;
  const parts = tensors.map((tensor): TensorPart => {
    const values = slopes.subarray(from, from + tensorLength(tensor));
    from += values.length;
    return rowsThatMove(values, tensor) ?? { kind: "dense", values };
  });
  return parts.every(({ kind }) => kind === "dense") ? slopes : payloadOfParts(parts);
}

/** Null where all rows are no more bytes. */
function rowsThatMove(values: Float32Array, tensor: Shaped): TensorPart | null {
  const shape = matrixShape(tensor);
  if (shape === null) return null;
  const { rows, columns } = shape;
  const ids: number[] = [];
  for (let id = 0; id < rows; id++) if (!isZero(values, id * columns, columns)) ids.push(id);
  if (!isShorterAsSlices(ids.length, shape)) return null;
  const own = new Float32Array(ids.length * columns);
  for (const [at, id] of ids.entries())
    own.set(values.subarray(id * columns, (id + 1) * columns), at * columns);
  return { kind: "slices", slices: { rows, columns, ids: Uint32Array.from(ids), values: own } };
}

function isZero(values: Float32Array, from: number, count: number): boolean {
  for (let at = from; at < from + count; at++) if (values[at] !== 0) return false;
  return true;
}

/** What a stage told, tensor by tensor. Throws `RunError` where it is of other tensors. */
export function readSlopes(
  told: Float32Array | Uint8Array,
  tensors: readonly Shaped[],
): readonly TensorPart<Float32Array>[] {
  if (told instanceof Uint8Array)
    return readTensorParts(told, tensors) as readonly TensorPart<Float32Array>[];
  let from = 0;
  const parts = tensors.map((tensor) => {
    const values = told.subarray(from, from + tensorLength(tensor));
    from += values.length;
    return { kind: "dense" as const, values };
  });
  assert(from === told.length, "slopes are as long as the tensors at their uses");
  return parts;
}
