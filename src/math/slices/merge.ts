import { type RowPlaces, sumRowsResident } from "../kernels/sums-of-rows.ts";
import type { Vector } from "../vector.ts";
import type { DoublePart, TensorPart } from "./gradient-part.ts";
import { rankIds } from "./ranks.ts";
import {
  addSlices,
  addToRows,
  emptyLike,
  isMerged,
  isShorterAsSlices,
  type Slices,
  unionOfIds,
} from "./slices.ts";

/**
 * Every row once, ids ascending. What stands several times is added up in the order in which it
 * stands, in the precision of the values: the bits do not depend on how it is done. Slices that
 * are merged come back as they are.
 */
export function mergeSlices<Values extends Vector>(slices: Slices<Values>): Slices<Values> {
  if (isMerged(slices)) return slices;
  const { rows, columns, ids, values } = slices;
  const { distinct, places } = rankIds(ids, rows);
  const of = { count: distinct.length, places };
  const sums = sumRowsResident(values, of, columns) ?? plainSums(values, of, columns);
  return { rows, columns, ids: distinct, values: sums };
}

function plainSums<Values extends Vector>(
  values: Values,
  { count, places }: RowPlaces,
  columns: number,
): Values {
  const sums = emptyLike(values, count * columns);
  for (let at = 0; at < places.length; at++) {
    const to = (places[at]! >>> 1) * columns;
    const from = at * columns;
    if ((places[at]! & 1) === 1) for (let j = 0; j < columns; j++) sums[to + j] = values[from + j]!;
    else for (let j = 0; j < columns; j++) sums[to + j]! += values[from + j]!;
  }
  return sums;
}

/**
 * The weighted sum of one tensor's parts, one after another, in doubles: dense where any of them
 * is, or where its distinct rows are no fewer bytes than all; else merged slices. The same bits
 * as sums of dense vectors in the same order.
 */
export function weightedSum(
  contributions: readonly TensorPart[],
  weights: readonly number[],
  length: number,
): DoublePart {
  const parts = contributions.map(merged);
  const lists = parts.flatMap((part) => (part.kind === "slices" ? [part.slices.ids] : []));
  const first = parts.find((part) => part.kind === "slices");
  if (first !== undefined && lists.length === parts.length) {
    const { rows, columns } = first.slices;
    const ids = unionOfIds(lists);
    if (isShorterAsSlices(ids.length, { rows, columns })) {
      const slices = { rows, columns, ids, values: new Float64Array(ids.length * columns) };
      for (const [i, part] of parts.entries())
        if (part.kind === "slices") addToRows(slices, weights[i]!, part.slices);
      return { kind: "slices", slices };
    }
  }
  const values = new Float64Array(length);
  for (const [i, part] of parts.entries()) {
    const weight = weights[i]!;
    if (part.kind === "slices") addSlices(values, 0, weight, part.slices);
    else for (let j = 0; j < length; j++) values[j]! += weight * part.values[j]!;
  }
  return { kind: "dense", values };
}

function merged(part: TensorPart): TensorPart {
  return part.kind === "dense" ? part : { kind: "slices", slices: mergeSlices(part.slices) };
}
