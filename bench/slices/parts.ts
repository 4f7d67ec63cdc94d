import { randomFrom } from "../../src/core/random.ts";
import { firstFree, instantiateRows } from "../../src/math/kernels/instance.ts";
import { weightedSum } from "../../src/math/slices/merge.ts";
import { PartSum } from "../../src/math/slices/part-sum.ts";
import { addToRows, type Slices, unionOfIds } from "../../src/math/slices/slices.ts";
import { byTurns } from "./timing.ts";

type Floats = Slices<Float32Array<ArrayBuffer>>;

/** Of reading, how fast merging is to be: what was asked for. */
const wanted = 0.5;
/** Where it must be: rows that are no shorter, of no more parts, and that share so much. */
const held = { columnsMin: 64, partsMax: 8, shareMax: 0.5 };
/** Elsewhere a merge takes at most so many times as long as its bound. */
const boundTimesMax = 16;
/** Values that are added up at once, of all parts. */
const rangeBytes = 2 ** 20;
/** Of as many bytes as a cache holds, and eight times as much, which is in memory. */
const sizes = { cache: 1, memory: 8 } as const;
/** Lines of memory between parts, as of parts whose length is no power of two. */
const gapBytes = 17 * 64;
const turns = { cache: 10, memory: 3 } as const;
/** These take so long that few turns do. */
const arrayTurns = 1;

const kernelNames = ["read", "copy", "bound", "streams", "merge"] as const;
const arrayNames = ["weighed", "by one", "loops"] as const;

/**
 * GB/s of input on one thread, the quickest of many turns, of what workers send: parts whose ids
 * ascend, each once. In the kernel's memory: a sum of all values; a copy of them; the least that a
 * merge has to do, which is to read the input and to write as much as its sums, both in order and
 * without ids; a copy that reads a row of every part in turn, as merging does; and parts merged.
 * Of arrays of JavaScript: added up in doubles by weights, as the orchestrator does, by the kernel;
 * taken in one after another, as a function does that adds up; and plain loops part after part.
 *
 * The last columns are merging and its bound as parts of reading, and merging as a part of its
 * bound.
 */
export function partSpeed() {
  console.log("\nGB/s of input that ascends, one thread; merging, and its bound, of reading");
  console.log(
    "parts, float32       MB  distinct" +
      [...kernelNames, ...arrayNames].map((name) => name.padStart(9)).join("") +
      "    merge    bound  of bound",
  );
  const report = [];
  for (const size of ["cache", "memory"] as const)
    for (const { columns, count } of [
      { columns: 16, count: 262_144 },
      { columns: 64, count: 131_072 },
      { columns: 128, count: 65_536 },
    ])
      for (const parts of [8, 64])
        for (const share of [1, 0.5, 0.2])
          report.push(speedOf({ columns, count: count * sizes[size], parts, share }, size));
  return report;
}

interface Case {
  readonly columns: number;
  /** Rows of all parts together. */
  readonly count: number;
  readonly parts: number;
  /** Distinct rows are about so many of them. */
  readonly share: number;
}

function speedOf(one: Case, size: keyof typeof sizes) {
  const { columns, count, parts, share } = one;
  const all = partsOf(one);
  const distinct = unionOfIds(all.map(({ ids }) => ids)).length;
  const ms: Partial<Record<string, number>> & Record<(typeof kernelNames)[number], number> = {
    ...byTurns(kernelNames, turns[size], inKernel(all, distinct)),
    ...(size === "cache" ? byTurns(arrayNames, arrayTurns, ofArrays(all)) : {}),
  };
  const bytes = count * (4 * columns + 4);
  const [ratio, bound] = [ms.read / ms.merge, ms.read / ms.bound];
  const isHeld =
    columns >= held.columnsMin && parts <= held.partsMax && distinct <= held.shareMax * count;
  const speeds = [...kernelNames, ...arrayNames].map((name) => {
    const own = ms[name];
    return own === undefined ? "" : (bytes / own / 1e6).toFixed(2);
  });
  console.log(
    `${parts} of ${columns}`.padEnd(15) +
      `${(bytes / 1e6).toFixed()}`.padStart(8) +
      `${((100 * distinct) / count).toFixed()} %`.padStart(10) +
      speeds.map((speed) => speed.padStart(9)).join("") +
      [ratio, bound, ratio / bound].map((part) => part.toFixed(2).padStart(9)).join("") +
      (ratio < wanted ? `  below ${wanted}` : ""),
  );
  if (isHeld && ratio < wanted)
    throw new Error(`${parts} parts of ${columns} columns: ${ratio} of reading, not ${wanted}`);
  if (ms.merge > boundTimesMax * ms.bound)
    throw new Error(`${parts} parts of ${columns}: ${ms.merge / ms.bound} times the bound`);
  return { ...one, share, distinct, ms, ratio, bound };
}

/** Parts as long as each other, of rows of which so many are drawn that the share comes out. */
function partsOf({ columns, count, parts, share }: Case): readonly Floats[] {
  const random = randomFrom(`${columns} ${parts} ${share}`);
  const own = count / parts;
  const rows = share === 1 ? count : rowsFor(own, parts, share * count);
  const owners = share === 1 ? shuffled(count, random) : null;
  return Array.from({ length: parts }, (_, part): Floats => {
    const ids =
      owners === null
        ? drawn(own, rows, random)
        : owners.subarray(part * own, (part + 1) * own).toSorted();
    const values = new Float32Array(own * columns);
    for (let i = 0; i < values.length; i++) values[i] = (i % 1_013) / 77;
    return { rows, columns, ids, values };
  });
}

/** Of how many rows `parts` draws of `own` have so many distinct ones. */
function rowsFor(own: number, parts: number, distinct: number): number {
  let [low, high] = [own, 1_000 * own];
  for (let turn = 0; turn < 60; turn++) {
    const middle = (low + high) / 2;
    if (middle * (1 - (1 - own / middle) ** parts) < distinct) low = middle;
    else high = middle;
  }
  return Math.round(low);
}

type Random = ReturnType<typeof randomFrom>;

function shuffled(count: number, random: Random): Uint32Array<ArrayBuffer> {
  const all = Uint32Array.from({ length: count }, (_, id) => id);
  for (let at = count - 1; at > 0; at--) {
    const other = random.integer(at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}

/** So many of the rows, ascending, each once. */
function drawn(count: number, rows: number, random: Random): Uint32Array<ArrayBuffer> {
  const ids = new Uint32Array(count);
  for (let id = 0, at = 0; at < count; id++)
    if (random.uniform() * (rows - id) < count - at) ids[at++] = id;
  return ids;
}

/** What is done in a memory that has the parts, over and over; throws where the sums are others. */
function inKernel(all: readonly Floats[], distinct: number) {
  const { rows, columns } = all[0]!;
  const own = all[0]!.ids.length;
  const [count, rowBytes] = [all.length * own, 4 * columns];
  const span = Math.max(1, Math.floor((rangeBytes * rows) / rowBytes / count));
  let end = firstFree;
  const take = (bytes: number) => {
    const at = end;
    end += 64 * Math.ceil(bytes / 64);
    return at;
  };
  const words = Math.ceil(all.length / 64);
  const [parts, marks, list] = [
    take(32 * all.length),
    take(8 * span * words),
    take(8 * all.length),
  ];
  const [lanes, ids, found] = [take(64), take(4 * count), take(4 * (distinct + 1))];
  const partBytes = own * rowBytes + gapBytes;
  const [from, sums] = [take(all.length * partBytes), take(count * rowBytes)];
  const { memory, kernels } = instantiateRows(end);
  for (const [part, one] of all.entries()) {
    new Uint32Array(memory, ids + 4 * part * own, own).set(one.ids);
    new Float32Array(memory, from + part * partBytes, own * columns).set(one.values);
  }
  const records = new Uint32Array(memory, parts, 8 * all.length);
  const merge = () => {
    for (let part = 0; part < all.length; part++) {
      records[8 * part] = ids + 4 * part * own;
      records[8 * part + 1] = ids + 4 * (part + 1) * own;
      records[8 * part + 2] = from + part * partBytes;
    }
    let done = 0;
    for (let base = 0; base < rows; base += span) {
      const limit = Math.min(base + span, rows);
      const to = sums + done * rowBytes;
      const out = found + 4 * done;
      const { length } = all;
      done += kernels.mergeFloatParts(parts, length, base, limit, columns, marks, list, out, to);
    }
    return done;
  };
  if (merge() !== distinct) throw new Error("the rows are others");
  checkSums(all, new Float32Array(memory, sums, distinct * columns));
  // Sums of as many terms as rows have on average, one after another: no ids, all in order.
  const terms = Math.max(1, Math.round(count / distinct));
  const lines = (count * rowBytes) / 64;
  return {
    read: () => kernels.sumFloatRows(from, 1, (count * columns) / 16, 16, 1, lanes),
    copy: () => kernels.repeatFloatRows(from, count, 1, columns, sums),
    bound: () => kernels.sumFloatRows(from, Math.floor(lines / terms), terms, 16, 1, sums),
    streams: () => kernels.swapFloatRows(from, 1, all.length, own, columns, sums),
    merge,
  };
}

/** Against plain loops in float32, part after part. */
function checkSums(all: readonly Floats[], found: Float32Array): void {
  const { columns } = all[0]!;
  const ids = unionOfIds(all.map((one) => one.ids));
  const sums = new Float32Array(ids.length * columns).fill(-0);
  for (const one of all)
    for (let at = 0, place = 0; at < one.ids.length; at++) {
      while (ids[place]! < one.ids[at]!) place++;
      for (let j = 0; j < columns; j++) sums[place * columns + j]! += one.values[at * columns + j]!;
    }
  if (!sums.every((sum, i) => sum === found[i])) throw new Error("the sums are others");
}

function ofArrays(all: readonly Floats[]) {
  const { rows, columns } = all[0]!;
  const weights = all.map((_, part) => 1 / (part + 1));
  // Of a matrix so tall that the sum is never dense.
  const tall = all.map((one) => ({ ...one, rows: 2 * rows }));
  const parts = tall.map((slices) => ({ kind: "slices", slices }) as const);
  const loops = () => {
    const ids = unionOfIds(all.map((one) => one.ids));
    const sum = { rows, columns, ids, values: new Float64Array(ids.length * columns) };
    for (const [part, one] of all.entries()) addToRows(sum, weights[part]!, one);
  };
  const length = 2 * rows * columns;
  const byOne = () => {
    const sum = new PartSum(length);
    for (const [at, part] of parts.entries()) sum.add(weights[at]!, part);
    return sum.take();
  };
  return { weighed: () => weightedSum(parts, weights, length), "by one": byOne, loops };
}
