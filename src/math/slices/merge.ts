import type { Vector } from "../vector.ts";
import type { DoublePart, TensorPart } from "./gradient-part.ts";
import { mergeParts, rankParts, weighParts } from "./part-merge.ts";
import { rankIds } from "./ranks.ts";
import { mergeResident } from "./resident-merge.ts";
import {
  addSlices,
  addToRows,
  emptyLike,
  isMerged,
  isShorterAsSlices,
  joinSlices,
  type Slices,
  unionOfIds,
} from "./slices.ts";

/**
 * Every row once, ids ascending. What stands several times is added up in the order in which it
 * stands, in the precision of the values: the bits do not depend on how it is done. Slices that
 * are merged come back as they are.
 */
export function mergeSlices<Values extends Vector>(slices: Slices<Values>): Slices<Values> {
  return mergeAll([slices]);
}

/** The same of slices of one shape that stand one after another, without joining them first. */
export function mergeAll<Values extends Vector>(all: readonly Slices<Values>[]): Slices<Values> {
  if (all.length === 1 && isMerged(all[0]!)) return all[0]!;
  const ranking = areLongAndFew(all) ? rankParts(all) : null;
  if (ranking !== null) return mergeParts(ranking);
  const resident = mergeResident(all);
  if (resident === null) return mergePlain(joinSlices(all));
  return { ...resident, values: ownCopy(resident.values) };
}

/** Otherwise one row after another is as quick as the ranges of all parts. */
function areLongAndFew(all: readonly Slices[]): boolean {
  const { columns, values } = all[0]!;
  return all.length <= partsMax && columns * values.BYTES_PER_ELEMENT >= rowBytesMin;
}

const partsMax = 16;
const rowBytesMin = 256;

/**
 * As `mergeSlices`, for whoever is done with the values before slices are merged the next time:
 * they are not copied out of the kernel's memory.
 */
export function mergeForNow<Values extends Vector>(slices: Slices<Values>): Slices<Values> {
  if (isMerged(slices)) return slices;
  return mergeResident([slices]) ?? mergePlain(slices);
}

/** Not zeroed first, as every number is written. */
function ownCopy<Values extends Vector>(values: Values): Values {
  const { buffer } = Buffer.allocUnsafeSlow(values.byteLength);
  const own = values instanceof Float32Array ? new Float32Array(buffer) : new Float64Array(buffer);
  own.set(values);
  return own as Vector as Values;
}

function mergePlain<Values extends Vector>(slices: Slices<Values>): Slices<Values> {
  const { rows, columns, ids, values } = slices;
  const { distinct, places } = rankIds(ids, rows);
  const sums = emptyLike(values, distinct.length * columns);
  for (let at = 0; at < places.length; at++) {
    const to = (places[at]! >>> 1) * columns;
    const from = at * columns;
    if ((places[at]! & 1) === 1) for (let j = 0; j < columns; j++) sums[to + j] = values[from + j]!;
    else for (let j = 0; j < columns; j++) sums[to + j]! += values[from + j]!;
  }
  return { rows, columns, ids: distinct, values: sums };
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
  const all = parts.flatMap((part) => (part.kind === "slices" ? [part.slices] : []));
  const slices = all.length > 0 && all.length === parts.length ? weighAll(all, weights) : null;
  if (slices !== null) return { kind: "slices", slices };
  const values = new Float64Array(length);
  for (const [i, part] of parts.entries()) {
    const weight = weights[i]!;
    if (part.kind === "slices") addSlices(values, 0, weight, part.slices);
    else for (let j = 0; j < length; j++) values[j]! += weight * part.values[j]!;
  }
  return { kind: "dense", values };
}

/**
 * The weighted sum of merged slices, one after another, in doubles, onto the sum of others that is
 * `held`, whose values may be written over. Null where it is no fewer bytes than the whole matrix.
 */
export function weighAll(
  all: readonly Slices[],
  weights: readonly number[],
  held: Slices<Float64Array<ArrayBuffer>> | null = null,
): Slices<Float64Array<ArrayBuffer>> | null {
  const { rows, columns } = all[0]!;
  const ranking = rankParts(all, held);
  const lists = held === null ? all : [held, ...all];
  const ids = ranking?.distinct ?? unionOfIds(lists.map((one) => one.ids));
  if (!isShorterAsSlices(ids.length, { rows, columns })) return null;
  if (ranking !== null) return weighParts(ranking, weights);
  const slices = { rows, columns, ids, values: new Float64Array(ids.length * columns) };
  if (held !== null) addToRows(slices, 1, held);
  for (const [i, one] of all.entries()) addToRows(slices, weights[i]!, one);
  return slices;
}

function merged(part: TensorPart): TensorPart {
  return part.kind === "dense" ? part : { kind: "slices", slices: mergeSlices(part.slices) };
}
