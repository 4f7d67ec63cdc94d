import { assert } from "../../core/errors.ts";

/** The ids that there are, ascending, and where each row goes among them. */
export interface RankedIds {
  readonly distinct: Uint32Array<ArrayBuffer>;
  readonly places: Uint32Array;
}

/** In time that grows with the ids, or with the rows where those are few enough. */
export function rankIds(ids: Uint32Array, rows: number): RankedIds {
  return rows <= marksPerId * ids.length ? byMarks(ids, rows) : bySort(ids);
}

/**
 * Rows are so few an id that the kernel ranks ids quicker than sorting does: it has a bit for each
 * of them.
 */
export function areRowsFew(count: number, rows: number): boolean {
  return rows <= Math.min(64 * count, 2 ** 31);
}

/** Going through all rows of a matrix is quicker than sorting while they are so many a slice. */
const marksPerId = 8;
/** A mark for every row of a matrix: all zeros between two calls. */
let marks = new Int32Array(0);

/** By one mark for each row of the matrix: 1 where an id stands, then its rank. */
function byMarks(ids: Uint32Array, rows: number): RankedIds {
  if (marks.length < rows) marks = new Int32Array(rows);
  for (let at = 0; at < ids.length; at++) {
    assert(ids[at]! < rows, "rows that the matrix has");
    marks[ids[at]!] = 1;
  }
  let count = 0;
  for (let id = 0; id < rows; id++) {
    const one = marks[id]!;
    count += one;
    marks[id] = one * count;
  }
  const distinct = new Uint32Array(count);
  const places = new Uint32Array(ids.length);
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    const mark = marks[id]!;
    // Minus one where it was seen before, as marks of those are negative: no branch to guess.
    const seen = mark >> 31;
    const rank = (mark ^ seen) - seen;
    distinct[rank - 1] = id;
    places[at] = 2 * rank - 1 + seen;
    marks[id] = -rank;
  }
  for (let at = 0; at < count; at++) marks[distinct[at]!] = 0;
  return { distinct, places };
}

function bySort(ids: Uint32Array): RankedIds {
  const order = ascendingOrder(ids);
  const distinct = new Uint32Array(ids.length);
  const places = new Uint32Array(ids.length);
  let count = 0;
  for (let at = 0; at < order.length; at++) {
    const id = ids[order[at]!]!;
    const isFirst = at === 0 || id !== distinct[count - 1];
    if (isFirst) distinct[count++] = id;
    places[order[at]!] = 2 * (count - 1) + (isFirst ? 1 : 0);
  }
  return { distinct: distinct.slice(0, count), places };
}

const digitBits = 11;

/** The places of ids in ascending order, equal ones in the order in which they stand. */
function ascendingOrder(ids: Uint32Array): Uint32Array {
  let order = new Uint32Array(ids.length);
  let largest = 0;
  for (let at = 0; at < order.length; at++) {
    order[at] = at;
    largest = Math.max(largest, ids[at]!);
  }
  let other = new Uint32Array(ids.length);
  const counts = new Uint32Array(2 ** digitBits);
  for (let shift = 0; shift < 32 && largest >= 2 ** shift; shift += digitBits) {
    counts.fill(0);
    const mask = counts.length - 1;
    for (let at = 0; at < ids.length; at++) counts[(ids[at]! >>> shift) & mask]!++;
    for (let digit = 0, sum = 0; digit < counts.length; digit++) {
      const count = counts[digit]!;
      counts[digit] = sum;
      sum += count;
    }
    for (let at = 0; at < order.length; at++) {
      const place = order[at]!;
      other[counts[(ids[place]! >>> shift) & mask]!++] = place;
    }
    [order, other] = [other, order];
  }
  return order;
}
