import type { TensorSpec } from "../vector.ts";
import { matrixShape, type TensorPart, tensorLength } from "./gradient-part.ts";
import { joinSlices } from "./slices.ts";

type Tensors = readonly Pick<TensorSpec, "shape">[];

/** Whole rows of a tensor; of one that is no matrix every number is a row. */
export interface TensorCut {
  readonly tensor: number;
  readonly from: number;
  readonly to: number;
  /** Of these rows. */
  readonly shape: readonly number[];
}

/** Tensors divided into so many shards of about as many numbers, each whole rows. */
export function cutTensors(tensors: Tensors, shards: number): readonly (readonly TensorCut[])[] {
  const lengths = tensors.map(tensorLength);
  const total = lengths.reduce((sum, one) => sum + one, 0);
  return Array.from({ length: shards }, (_, shard) => {
    const [begin, end] = [shard, shard + 1].map((at) => Math.floor((at * total) / shards));
    let before = 0;
    return tensors.flatMap((one, tensor): TensorCut[] => {
      const columns = matrixShape(one)?.columns ?? 1;
      const rows = lengths[tensor]! / columns;
      // A row belongs to the shard in which it begins.
      const rowAt = (place: number) =>
        Math.min(rows, Math.max(0, Math.ceil((place - before) / columns)));
      const [from, to] = [rowAt(begin!), rowAt(end!)];
      before += lengths[tensor]!;
      if (from === to) return [];
      const shape = matrixShape(one) === null ? [to - from] : [to - from, columns];
      return [{ tensor, from, to, shape }];
    });
  });
}

/** A tensor's part in some of its rows; ids count from the first of them. */
export function cutPart(part: TensorPart, { from, to, shape }: TensorCut): TensorPart {
  const columns = shape[1] ?? 1;
  if (part.kind === "dense")
    return { kind: "dense", values: part.values.subarray(from * columns, to * columns) };
  const { ids, values } = part.slices;
  const [first, last] = [placeOf(ids, from), placeOf(ids, to)];
  return {
    kind: "slices",
    slices: {
      rows: to - from,
      columns,
      ids: ids.slice(first, last).map((id) => id - from),
      values: values.subarray(first * columns, last * columns),
    },
  };
}

/** The parts of whole tensors, given those of their cuts in order; dense where any of them is. */
export function joinCuts(
  cuts: readonly TensorCut[],
  parts: readonly TensorPart[],
  tensors: Tensors,
): readonly TensorPart<Float64Array<ArrayBuffer>>[] {
  return tensors.map((one, tensor) => {
    const own = cuts.flatMap((cut, i) => (cut.tensor === tensor ? [{ cut, part: parts[i]! }] : []));
    const columns = matrixShape(one)?.columns ?? 1;
    const isSliced = own.length > 0 && own.every(({ part }) => part.kind === "slices");
    return isSliced ? joinRows(own, columns) : joinDense(own, columns, tensorLength(one));
  });
}

type Cuts = readonly { readonly cut: TensorCut; readonly part: TensorPart }[];

function joinRows(own: Cuts, columns: number): TensorPart<Float64Array<ArrayBuffer>> {
  const rows = own.at(-1)!.cut.to;
  const all = own.flatMap(({ cut, part }) => {
    if (part.kind !== "slices") return [];
    const ids = part.slices.ids.map((id) => cut.from + id);
    return [{ rows, columns, ids, values: Float64Array.from(part.slices.values) }];
  });
  return { kind: "slices", slices: joinSlices(all) };
}

function joinDense(
  own: Cuts,
  columns: number,
  length: number,
): TensorPart<Float64Array<ArrayBuffer>> {
  const out = new Float64Array(length);
  for (const { cut, part } of own) {
    const base = cut.from * columns;
    if (part.kind === "dense") out.set(part.values, base);
    else
      for (const [at, id] of part.slices.ids.entries())
        for (let j = 0; j < columns; j++)
          out[base + id * columns + j] = part.slices.values[at * columns + j]!;
  }
  return { kind: "dense", values: out };
}

/** Where an id stands among ascending ones, or would. */
function placeOf(ids: Uint32Array, id: number): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
