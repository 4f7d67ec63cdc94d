import { firstFree, memoryBytesMax, type RowsInstance } from "../kernels/instance.ts";
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
/** Parts that eight bytes of an id tell of. */
const wordParts = 64;

/** Slices of one shape, each of them merged, whose rows are known; until others are merged. */
export interface PartRanking<Values extends Vector = Vector> {
  readonly all: readonly Slices<Values>[];
  /** The sum of parts before, merged as well, to which is added. */
  readonly held: Slices<Doubles> | null;
  /** The ids that there are, ascending. */
  readonly distinct: Uint32Array<ArrayBuffer>;
  readonly home: RowsInstance;
  readonly places: Places;
}

/** Where things are in the kernel's memory, in bytes. */
interface Places {
  readonly parts: number;
  readonly marks: number;
  readonly list: number;
  readonly found: number;
  readonly zeros: number;
  /** Of the sum of parts before, as many rows as of sums. */
  readonly heldStage: number;
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
  held: Slices<Doubles> | null = null,
): PartRanking<Values> | null {
  const { columns, values } = all[0]!;
  const lists: readonly Slices[] = held === null ? all : [held, ...all];
  const count = lists.reduce((sum, { ids }) => sum + ids.length, 0);
  if (lists.length < 2 || count * columns < residentEntriesMin) return null;
  const isAlike = (one: Slices) => one.values.constructor === values.constructor && isMerged(one);
  if (!all.every(isAlike)) return null;
  const { end, ...places } = placesOf(all, held, count);
  if (end > memoryBytesMax) return null;
  const home = roomFor(end);
  const distinct = rankPlaces(home, lists, count);
  const ranks = new Uint32Array(home.memory, firstFree, count);
  for (let at = 0; at < count; at++) ranks[at] = ranks[at]! >>> 1;
  return { all, held, distinct, home, places };
}

/** The parts added up in their order and precision: the bits of plain loops. */
export function mergeParts<Values extends Vector>(ranking: PartRanking<Values>): Slices<Values> {
  const { all, distinct, home, places } = ranking;
  const [{ rows, columns, values: like }] = all as [Slices<Values>];
  const isFloat = like instanceof Float32Array;
  const View = isFloat ? Float32Array : Float64Array;
  const merge = isFloat ? home.kernels.mergeFloatParts : home.kernels.mergeDoubleParts;
  const values = new View(memoryOf(distinct.length * columns * View.BYTES_PER_ELEMENT));
  const { parts, marks, list, found, sums } = places;
  inRanges(ranking, values, (base, limit) =>
    merge(parts, all.length, base, limit, columns, marks, list, found, sums),
  );
  return { rows, columns, ids: distinct, values: values as Vector as Values };
}

/**
 * In doubles, every part by its weight: the bits of a dense sum in the same order from zero on, or
 * from what is held on, which is written over where it has all rows.
 */
export function weighParts(ranking: PartRanking, weights: readonly number[]): Slices<Doubles> {
  const { all, held, distinct, home, places } = ranking;
  const { rows, columns, values: like } = all[0]!;
  const { parts, marks, list, found, zeros, sums } = places;
  const [heldCount, words] = [held === null ? 0 : 1, recordBytes / 8];
  const own = new Float64Array(home.memory, parts, (heldCount + all.length) * words);
  for (const [part, weight] of weights.entries())
    own[(heldCount + part) * words + weightPlace] = weight;
  new Float64Array(home.memory, zeros, columns).fill(0);
  const { weighFloatParts, weighDoubleParts } = home.kernels;
  const weigh = like instanceof Float32Array ? weighFloatParts : weighDoubleParts;
  const count = heldCount + all.length;
  const hasAllRows = held?.ids.length === distinct.length;
  const values = hasAllRows
    ? held.values
    : new Float64Array(memoryOf(distinct.length * columns * 8));
  inRanges(ranking, values, (base, limit) =>
    weigh(parts, count, base, limit, columns, marks, list, found, sums, zeros, heldCount),
  );
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
  { all, held, distinct, home, places }: PartRanking,
  out: Float32Array<ArrayBuffer> | Doubles,
  addUp: (base: number, limit: number) => void,
): void {
  const { memory, kernels } = home;
  const { parts, heldStage, stage, stageRows, sums, sumsRows } = places;
  const { columns, values: like } = all[0]!;
  const In = like instanceof Float32Array ? Float32Array : Float64Array;
  const Out = out instanceof Float32Array ? Float32Array : Float64Array;
  const block = new In(memory, stage, stageRows * columns);
  const lists: readonly Slices[] = held === null ? all : [held, ...all];
  const before = new Float64Array(memory, heldStage, held === null ? 0 : sumsRows * columns);
  const records = new Uint32Array(memory, parts, lists.length * record.words);
  const offsets = begin(records, lists);
  for (let base = 0, span = sumsRows; base < distinct.length; ) {
    let limit = Math.min(base + span, distinct.length);
    let below = kernels.cutParts(parts, lists.length, limit);
    while (below > stageRows) {
      limit = base + Math.max(1, Math.floor(((limit - base) * stageRows) / below / 1.1));
      below = kernels.cutParts(parts, lists.length, limit);
    }
    const from = held === null ? 0 : copyIn(records, lists, offsets, before, 0, 1);
    copyIn(records, lists, offsets, block, from, lists.length);
    addUp(base, limit);
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

/** What each of some parts has of a range, one part after another; gives where they end. */
function copyIn(
  records: Uint32Array,
  all: readonly Slices[],
  offsets: Uint32Array,
  block: Float32Array | Float64Array,
  first: number,
  end: number,
): number {
  let to = 0;
  for (let part = first, words = first * record.words; part < end; part++, words += record.words) {
    records[words + record.values] = block.byteOffset + to * block.BYTES_PER_ELEMENT;
    const rows = (records[words + record.cut]! - records[words + record.next]!) >>> 2;
    if (rows === 0) continue;
    const { values, columns } = all[part]!;
    const from = offsets[part]!;
    offsets[part] = from + rows;
    block.set(values.subarray(from * columns, (from + rows) * columns), to);
    to += rows * columns;
  }
  return end;
}

function placesOf(
  all: readonly Slices[],
  held: Slices | null,
  count: number,
): Places & { readonly end: number } {
  const { rows, columns, values } = all[0]!;
  const partCount = all.length + (held === null ? 0 : 1);
  const rowBytes = Math.max(1, columns * values.BYTES_PER_ELEMENT);
  const stageRows = Math.min(count, Math.max(partCount, Math.floor(stageBytes / rowBytes)));
  const sumsRows = Math.min(count, rows, Math.max(1, Math.floor(sumsBytesMax / rowBytes)));
  const sumsBytes = aligned(sumsRows * columns * 8);
  const parts = firstFree + aligned(ranksBytes(count, rows));
  const marks = parts + aligned(partCount * recordBytes);
  const list = marks + aligned(8 * sumsRows * Math.ceil(partCount / wordParts));
  const found = list + aligned(8 * partCount);
  const zeros = found + aligned(4 * (sumsRows + 1));
  const heldStage = zeros + aligned(8 * columns);
  const stage = heldStage + (held === null ? 0 : sumsBytes);
  const sums = stage + aligned(stageRows * rowBytes);
  const end = sums + sumsBytes;
  return { parts, marks, list, found, zeros, heldStage, stage, stageRows, sums, sumsRows, end };
}
