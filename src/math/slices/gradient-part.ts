import type { TensorSpec, Vector } from "../vector.ts";
import { addSlices, type Slices } from "./slices.ts";

/** What is known of one tensor's gradient: all of it, or the rows that are not zero. */
export type TensorPart<Values extends Vector = Vector> =
  | { readonly kind: "dense"; readonly values: Values }
  | { readonly kind: "slices"; readonly slices: Slices<Values> };

export type DoublePart = TensorPart<Float64Array<ArrayBuffer>>;

/** Numbers of a tensor. */
export function tensorLength({ shape }: Pick<TensorSpec, "shape">): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Rows and columns of a matrix; null for what is none. */
export function matrixShape({
  shape,
}: Pick<TensorSpec, "shape">): Pick<Slices, "rows" | "columns"> | null {
  const [rows, columns] = shape;
  return shape.length === 2 ? { rows: rows!, columns: columns! } : null;
}

/** The numbers that are told of, a tensor after another: zeros of absent rows are left out. */
export function presentValues<Values extends Vector>(part: TensorPart<Values>): Values {
  return part.kind === "dense" ? part.values : part.slices.values;
}

/** The sum of squares of merged parts, added up in the order of the whole vector. */
export function squaredNorm(parts: readonly TensorPart[]): number {
  let sum = 0;
  for (const part of parts) {
    const values = presentValues(part);
    for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  }
  return sum;
}

/** The whole vector, absent rows as zeros. */
export function denseGradient(
  parts: readonly TensorPart[],
  tensors: readonly Pick<TensorSpec, "shape">[],
): Float64Array<ArrayBuffer> {
  const lengths = tensors.map(tensorLength);
  const out = new Float64Array(lengths.reduce((sum, one) => sum + one, 0));
  let from = 0;
  for (const [i, part] of parts.entries()) {
    if (part.kind === "dense") out.set(part.values, from);
    else addSlices(out, from, 1, part.slices);
    from += lengths[i]!;
  }
  return out;
}
