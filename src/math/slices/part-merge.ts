import { firstFree, memoryBytesMax, type RowsInstance } from "../kernels/instance.ts";
import type { MergeParts } from "../kernels/row-kernels.ts";
import { residentEntriesMin } from "../kernels/wasm-matrix.ts";
import type { Vector } from "../vector.ts";
import { aligned, rankPlaces, ranksBytes, roomFor } from "./resident-merge.ts";
import { isMerged, type Slices } from "./slices.ts";

type Doubles = Float64Array<ArrayBuffer>;

/** Of values that are copied in at once, of all parts; they stay in a cache of the processor. */
const stageBytes = 2 ** 19;
/** Of the sums that are made of them. */
const sumsBytesMax = 2 ** 18;
/** Of a part in the kernel's memory: see `wasm/parts.as`. */
const recordBytes = 32;
/** In words of four bytes. */
const record = { next: 0, end: 1, values: 2, cut: 3, words: recordBytes / 4 } as const;

/** In words of eight. */
const weightPlace = 2;

/** Slices of one shape, each of them merged, whose rows are known; until others are merged. */
export interface PartRanking<Values extends Vector = Vector> {
  readonly all: readonly Slices<Values>[];
  /** The ids that there are, ascending. */
  readonly distinct: Uint32Array<ArrayBuffer>;
  readonly home: RowsInstance;
  readonly places: Places;
}

/** Where things are in the kernel's memory, in bytes. */
interface Places {
  readonly parts: number;
  readonly table: number;
  readonly lists: number;
  readonly found: number;
  readonly stage: number;
  /** So many rows are copied in at once, and make at most so many. */
  readonly stageRows: number;
  readonly sums: number;
  readonly sumsRows: number;
}

/**
 * Parts as the kernel merges them, each merged before, as they come from workers. Null where plain
 * loops must do: few values, a part that is not merged, values of both precisions, or more than
 * 32-bit addresses reach.
 */
export function rankParts<Values extends Vector>(
  all: readonly Slices<Values>[],
): PartRanking<Values> | null {
  const { rows, columns, values } = all[0]!;
  const count = all.reduce((sum, { ids }) => sum + ids.length, 0);
  if (all.length < 2 || count * columns < residentEntriesMin) return null;
  const isAlike = (one: Slices) => one.values.constructor === values.constructor && isMerged(one);
  if (!all.every(isAlike)) return null;
  const { end, ...places } = placesOf(all.length, count, rows, columns, values.BYTES_PER_ELEMENT);
  if (end > memoryBytesMax) return null;
  const home = roomFor(end);
  const distinct = rankPlaces(home, all, count);
  const ranks = new Uint32Array(home.memory, firstFree, count);
  for (let at = 0; at < count; at++) ranks[at] = ranks[at]! >>> 1;
  return { all, distinct, home, places };
}

/** The parts added up in their order and precision: the bits of plain loops. */
export function mergeParts<Values extends Vector>(ranking: PartRanking<Values>): Slices<Values> {
  const { all, distinct, home } = ranking;
  const [{ rows, columns, values: like }] = all as [Slices<Values>];
  const isFloat = like instanceof Float32Array;
  const View = isFloat ? Float32Array : Float64Array;
  const { mergeFloatParts, mergeDoubleParts } = home.kernels;
  const values = new View(memoryOf(distinct.length * columns * View.BYTES_PER_ELEMENT));
  inRanges(ranking, isFloat ? mergeFloatParts : mergeDoubleParts, values);
  return { rows, columns, ids: distinct, values: values as Vector as Values };
}

/** In doubles, every part by its weight: the bits of a dense sum in the same order from zero on. */
export function weighParts(ranking: PartRanking, weights: readonly number[]): Slices<Doubles> {
  const { all, distinct, home, places } = ranking;
  const { rows, columns, values: like } = all[0]!;
  const own = new Float64Array(home.memory, places.parts, (all.length * recordBytes) / 8);
  for (const [part, weight] of weights.entries())
    own[part * (recordBytes / 8) + weightPlace] = weight;
  const { weighFloatParts, weighDoubleParts } = home.kernels;
  const values = new Float64Array(memoryOf(distinct.length * columns * 8));
  inRanges(ranking, like instanceof Float32Array ? weighFloatParts : weighDoubleParts, values);
  return { rows, columns, ids: distinct, values };
}

/** Not zeroed first, as every number is written. */
function memoryOf(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer;
}

/**
 * Range after range of rows: the values of all parts that belong to it are copied in, one part's
 * after another's, and the sums copied out, so that each is read and written once and in order.
 */
function inRanges(
  { all, distinct, home, places }: PartRanking,
  merge: MergeParts,
  out: Float32Array<ArrayBuffer> | Doubles,
): void {
  const { memory, kernels } = home;
  const { parts, table, lists, found, stage, stageRows, sums, sumsRows } = places;
  const { columns, values: like } = all[0]!;
  const In = like instanceof Float32Array ? Float32Array : Float64Array;
  const Out = out instanceof Float32Array ? Float32Array : Float64Array;
  const block = new In(memory, stage, stageRows * columns);
  const records = new Uint32Array(memory, parts, all.length * record.words);
  const offsets = begin(records, all);
  for (let base = 0, span = sumsRows; base < distinct.length; ) {
    let limit = Math.min(base + span, distinct.length);
    let below = kernels.cutParts(parts, all.length, limit);
    while (below > stageRows) {
      limit = base + Math.max(1, Math.floor(((limit - base) * stageRows) / below / 1.1));
      below = kernels.cutParts(parts, all.length, limit);
    }
    copyIn(records, all, offsets, block, stage);
    merge(parts, all.length, base, limit, columns, table, lists, found, sums);
    const own = new Out(memory, sums, (limit - base) * columns);
    out.set(own, base * columns);
    span = Math.min(sumsRows, Math.ceil(((limit - base) * stageRows) / below));
    base = limit;
  }
}

/** Every part's ids from its first on; none of its rows is taken in yet. */
function begin(records: Uint32Array, all: readonly Slices[]): Uint32Array {
  let at = firstFree;
  for (const [part, { ids }] of all.entries()) {
    records[part * record.words + record.next] = at;
    at += 4 * ids.length;
    records[part * record.words + record.end] = at;
  }
  return new Uint32Array(all.length);
}

/** What each part has of a range, one part after another. */
function copyIn(
  records: Uint32Array,
  all: readonly Slices[],
  offsets: Uint32Array,
  block: Vector,
  stage: number,
): void {
  let to = 0;
  for (let part = 0, words = 0; part < all.length; part++, words += record.words) {
    records[words + record.values] = stage + to * block.BYTES_PER_ELEMENT;
    const rows = (records[words + record.cut]! - records[words + record.next]!) >>> 2;
    if (rows === 0) continue;
    const { values, columns } = all[part]!;
    const from = offsets[part]!;
    offsets[part] = from + rows;
    block.set(values.subarray(from * columns, (from + rows) * columns), to);
    to += rows * columns;
  }
}

function placesOf(
  partCount: number,
  count: number,
  rows: number,
  columns: number,
  valueBytes: number,
): Places & { readonly end: number } {
  const most = Math.min(count, rows);
  const rowBytes = Math.max(1, columns * valueBytes);
  const stageRows = Math.min(count, Math.max(partCount, Math.floor(stageBytes / rowBytes)));
  const sumsRows = Math.min(most, Math.max(1, Math.floor(sumsBytesMax / rowBytes)));
  const parts = firstFree + aligned(ranksBytes(count, rows));
  const table = parts + aligned(partCount * recordBytes);
  const lists = table + aligned(4 * sumsRows);
  const found = lists + aligned(8 * stageRows);
  const stage = found + aligned(4 * (sumsRows + 1));
  const sums = stage + aligned(stageRows * rowBytes);
  const end = sums + sumsRows * columns * 8;
  return { parts, table, lists, found, stage, stageRows, sums, sumsRows, end };
}
