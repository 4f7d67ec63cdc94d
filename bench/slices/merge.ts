import { randomFrom } from "../../src/core/random.ts";
import { firstFree, instantiateRows } from "../../src/math/kernels/instance.ts";
import { mergeForNow, mergeSlices } from "../../src/math/slices/merge.ts";
import type { Slices } from "../../src/math/slices/slices.ts";
import { byTurns } from "./timing.ts";

type Floats = Slices<Float32Array<ArrayBuffer>>;

/** Of reading, how fast merging is to be, and is where no more ids come than a batch looks up. */
const wanted = 0.5;
/** Sums are written in at most so many times the time of the same additions to sums near by. */
const nearTimesMax = 4;
/** Sums that stay next to the processor. */
const nearBytes = 2 ** 18;
const turns = 25;

/** Ids of a table's rows: as texts use words, a few very often; or less so; or all as often. */
const draws = {
  words: (rows: number, uniform: number) => Math.floor(rows ** uniform),
  skewed: (rows: number, uniform: number) => Math.floor(rows * uniform ** 3),
  even: (rows: number, uniform: number) => Math.floor(rows * uniform),
} as const;

interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  readonly drawn: readonly (keyof typeof draws)[];
  /** As many ids as a batch looks up. */
  readonly isBatch: boolean;
}

const everyDraw = ["words", "skewed", "even"] as const;
const shapes: readonly Shape[] = [
  { rows: 30_000, columns: 128, count: 2_048, drawn: everyDraw, isBatch: true },
  { rows: 33_708, columns: 1_024, count: 5_000, drawn: everyDraw, isBatch: true },
  { rows: 100_000, columns: 16, count: 262_144, drawn: ["skewed"], isBatch: false },
  { rows: 100_000, columns: 64, count: 131_072, drawn: ["skewed"], isBatch: false },
  { rows: 30_000, columns: 128, count: 65_536, drawn: ["skewed"], isBatch: false },
];

const inKernelNames = ["read", "merge", "pack", "sums", "near", "copy"] as const;
const names = [...inKernelNames, "for now", "for good"] as const;

/**
 * GB/s of input on one thread, the quickest of many turns. Where the slices are in the kernel's
 * memory, as a worker's are: only read, a sum of all values in vectors; merged, rows whose ids are
 * there once staying where they stand; what is merged copied one row after another; merged by
 * writing every sum; the same additions to sums that all stay near the processor; and only copied.
 * Of arrays of JavaScript: merged for now, values copied in; and for good, sums copied out to new
 * memory as well.
 *
 * The last two columns are parts of reading: merging, and copying, the least of what moves rows.
 */
export function mergeSpeed() {
  console.log("\nGB/s of input, one thread; merging, and copying, as parts of reading");
  console.log(
    `slices, float32          ids  distinct${names.map((name) => name.padStart(9)).join("")}` +
      "    merge     copy",
  );
  const report = shapes.flatMap((shape) => shape.drawn.map((drawn) => speedOf(shape, drawn)));
  for (const { rows, columns, drawn, isBatch, ms, ratio } of report) {
    if (ms.sums > nearTimesMax * ms.near)
      throw new Error(`${rows} x ${columns}: ${ms.sums / ms.near} times as long as near`);
    if (isBatch && ratio < wanted)
      throw new Error(`${rows} x ${columns}, ${drawn}: ${ratio} of reading, not ${wanted}`);
  }
  return report;
}

function speedOf({ rows, columns, count, isBatch }: Shape, drawn: keyof typeof draws) {
  const random = randomFrom("merge");
  const ids = Uint32Array.from({ length: count }, () => draws[drawn](rows, random.uniform()));
  const values = Float32Array.from({ length: count * columns }, (_, i) => (i % 1_013) / 77);
  const slices = { rows, columns, ids, values };
  const known = mergeSlices(slices);
  const works: Record<(typeof names)[number], () => unknown> = {
    ...inKernel(slices, known),
    "for now": () => mergeForNow(slices),
    "for good": () => mergeSlices(slices),
  };
  const ms = byTurns(names, turns, works);
  const bytes = values.byteLength + ids.byteLength;
  const [ratio, copied] = [ms.read / ms.merge, ms.read / ms.copy];
  const distinct = known.ids.length;
  console.log(
    `${rows.toLocaleString("en-US")} x ${columns} ${drawn}`.padEnd(22) +
      `${String(count).padStart(6)}${String(distinct).padStart(10)}` +
      names.map((name) => (bytes / ms[name] / 1e6).toFixed(2).padStart(9)).join("") +
      [ratio, copied].map((part) => part.toFixed(2).padStart(9)).join("") +
      (ratio < wanted ? `  below ${wanted}` : ""),
  );
  return { rows, columns, count, drawn, isBatch, distinct, ms, ratio, copied };
}

/** What is done in a memory that has slices, over and over; throws where the sums are others. */
function inKernel({ rows, columns, ids, values }: Floats, known: Floats) {
  const [count, rowBytes] = [ids.length, 4 * columns];
  let end = firstFree;
  const take = (bytes: number) => {
    const at = end;
    end += 64 * Math.ceil(bytes / 64);
    return at;
  };
  const list = () => take(4 * count);
  const [asked, ranked, near, distinct, standing] = [list(), list(), list(), list(), list()];
  const [marks, ends] = [take(8 * Math.ceil(rows / 32)), take(8 * rows)];
  const nexts = take(4 * (count + 8));
  const [blank, zeros, lanes] = [take(rowBytes), take(rowBytes), take(64)];
  const [from, shared] = [take(values.byteLength), take(rowBytes * (count >>> 1))];
  const [to, other] = [take(rowBytes * known.ids.length), take(values.byteLength)];
  const { memory, kernels } = instantiateRows(end);
  new Float32Array(memory, from, values.length).set(values);
  new Float32Array(memory, blank, columns).fill(-0);
  new Uint32Array(memory, asked, count).set(ids);
  const nearRows = nearBytes / rowBytes;
  new Uint32Array(memory, near, count).set(ids.map((id) => 2 * (id % nearRows)));
  const ranks = new Uint32Array(memory, ranked, count);
  const addBy = (by: number) => kernels.addFloatRows(by, count, from, to, columns, blank);
  const merge = () =>
    kernels.coalesceFloatRows(
      ...([asked, count, rows, from, columns] as const),
      ...([marks, ends, nexts, distinct, standing, shared] as const),
    );
  const pack = () => kernels.packFloatRows(standing, known.ids.length, columns, zeros, to);
  const sums = () => {
    ranks.set(ids);
    kernels.rankRows(ranked, count, rows, marks, distinct);
    addBy(ranked);
  };
  const check = (work: () => unknown) => {
    const found = new Float32Array(memory, to, known.values.length).fill(Number.NaN);
    work();
    if (!found.every((sum, i) => sum === known.values[i])) throw new Error("the sums are others");
  };
  if (merge() !== known.ids.length) throw new Error("the rows are others");
  check(pack);
  check(sums);
  return {
    // Sixteen sums side by side.
    read: () => kernels.sumFloatRows(from, 1, values.length / 16, 16, 1, lanes),
    merge,
    pack,
    sums,
    near: () => addBy(near),
    copy: () => kernels.repeatFloatRows(from, count, 1, columns, other),
  };
}
