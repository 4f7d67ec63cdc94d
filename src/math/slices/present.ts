import type { TensorSpec, Vector } from "../vector.ts";
import { type DoublePart, presentValues, type TensorPart, tensorLength } from "./gradient-part.ts";

type Tensors = readonly Pick<TensorSpec, "shape">[];
type Numbers = Float64Array<ArrayBuffer>;

/** Rows that are told of, a list a tensor; null for all of a tensor. */
export type PresentRows = readonly (Uint32Array<ArrayBuffer> | null)[];

export function presentRows(parts: readonly TensorPart[]): PresentRows {
  return parts.map((part) => (part.kind === "slices" ? part.slices.ids : null));
}

/** Where the numbers that are told of stand in the whole vector, in their order. */
export function presentPlaces(present: PresentRows, tensors: Tensors): Uint32Array {
  const places = new Uint32Array(presentLength(present, tensors));
  let from = 0;
  let to = 0;
  for (const [i, tensor] of tensors.entries()) {
    const length = tensorLength(tensor);
    const ids = present[i] ?? null;
    if (ids === null) for (let at = from; at < from + length; at++) places[to++] = at;
    else {
      const columns = tensor.shape[1]!;
      for (const id of ids)
        for (let j = 0, at = from + id * columns; j < columns; j++) places[to++] = at++;
    }
    from += length;
  }
  return places;
}

/** How many numbers are told of. */
export function presentLength(present: PresentRows, tensors: Tensors): number {
  return tensors.reduce((sum, tensor, i) => sum + lengthAt(present[i] ?? null, tensor), 0);
}

function lengthAt(ids: Uint32Array | null, tensor: Tensors[number]): number {
  return ids === null ? tensorLength(tensor) : ids.length * tensor.shape[1]!;
}

/** The numbers of a whole vector at places. */
export function takeAt(values: Vector, places: Uint32Array): Numbers {
  const out = new Float64Array(places.length);
  for (let i = 0; i < out.length; i++) out[i] = values[places[i]!]!;
  return out;
}

/** All numbers that parts tell of, a tensor after another. */
export function joinPresent(parts: readonly DoublePart[]): Numbers {
  const all = parts.map((part) => presentValues(part));
  const out = new Float64Array(all.reduce((sum, { length }) => sum + length, 0));
  let from = 0;
  for (const values of all) {
    out.set(values, from);
    from += values.length;
  }
  return out;
}

/** Parts of the shape of others, of numbers that stand a tensor after another. */
export function splitPresent(values: Numbers, like: readonly DoublePart[]): readonly DoublePart[] {
  let from = 0;
  return like.map((part): DoublePart => {
    const own = values.slice(from, from + presentValues(part).length);
    from += own.length;
    if (part.kind === "dense") return { kind: "dense", values: own };
    return { kind: "slices", slices: { ...part.slices, values: own } };
  });
}

/** What `change` makes of the weights that parts tell of; it is handed those and the parts' own. */
export function withPresent(
  weights: Vector,
  parts: readonly DoublePart[],
  tensors: Tensors,
  change: (here: Numbers, values: Numbers) => Numbers,
): readonly DoublePart[] {
  const places = presentPlaces(presentRows(parts), tensors);
  return splitPresent(change(takeAt(weights, places), joinPresent(parts)), parts);
}

/** Writes what parts tell of over the whole vector. */
export function writePresent(out: Vector, parts: readonly DoublePart[], tensors: Tensors): void {
  const places = presentPlaces(presentRows(parts), tensors);
  const values = joinPresent(parts);
  for (let i = 0; i < places.length; i++) out[places[i]!] = values[i]!;
}
