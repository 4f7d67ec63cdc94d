import { randomFrom } from "../../src/core/random.ts";
import { firstFree, instantiateRows } from "../../src/math/kernels/instance.ts";
import { mergeForNow, mergeSlices } from "../../src/math/slices/merge.ts";
import type { Slices } from "../../src/math/slices/slices.ts";
import { byTurns } from "./timing.ts";

type Floats = Slices<Float32Array<ArrayBuffer>>;

/** Of reading, how fast merging is to be: what was asked for. */
const wanted = 0.5;
/** A merge takes at most so many times as long as the same additions to sums that are near. */
const nearTimesMax = 4;
/** Sums that stay next to the processor. */
const nearBytes = 2 ** 18;
const turns = 25;

const inKernelNames = ["read", "merge", "rank", "add", "near", "copy"] as const;
const names = [...inKernelNames, "for now", "for good"] as const;

/**
 * GB/s of input on one thread, the quickest of many turns. Where the slices are in the kernel's
 * memory, as a worker's are: only read, a sum of all values in vectors; merged; its two parts, ids
 * ranked and rows added to their sums; the same additions to sums that all stay near the
 * processor; and only copied. Of arrays of JavaScript: merged for now, values copied in; and for
 * good, sums copied out to new memory as well.
 *
 * The last two columns are parts of reading: merging, and its bound, the quicker of copy and near.
 */
export function mergeSpeed() {
  console.log("\nGB/s of input, one thread; merging, and its bound, as parts of reading");
  console.log(
    `slices, float32        ids  distinct${names.map((name) => name.padStart(9)).join("")}` +
      "    merge    bound",
  );
  const report = [
    { rows: 100_000, columns: 16, count: 262_144 },
    { rows: 100_000, columns: 64, count: 131_072 },
    { rows: 30_000, columns: 128, count: 65_536 },
  ].map(({ rows, columns, count }) => {
    const random = randomFrom("merge");
    const ids = Uint32Array.from({ length: count }, () => Math.floor(rows * random.uniform() ** 3));
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
    const [ratio, bound] = [ms.read / ms.merge, ms.read / Math.min(ms.near, ms.copy)];
    const distinct = known.ids.length;
    console.log(
      `${rows.toLocaleString("en-US")} x ${columns}`.padEnd(17) +
        `${String(count).padStart(9)}${String(distinct).padStart(10)}` +
        names.map((name) => (bytes / ms[name] / 1e6).toFixed(2).padStart(9)).join("") +
        [ratio, bound].map((part) => part.toFixed(2).padStart(9)).join("") +
        (ratio < wanted ? `  below ${wanted}` : ""),
    );
    return { rows, columns, count, distinct, ms, ratio, bound };
  });
  for (const { rows, columns, ms } of report)
    if (ms.merge > nearTimesMax * ms.near)
      throw new Error(`${rows} x ${columns}: ${ms.merge / ms.near} times as long as near`);
  return report;
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
  const [asked, near, distinct, marks] = [take(4 * count), take(4 * count), take(4 * count), end];
  take(8 * Math.ceil(rows / 32));
  const [blank, lanes, from] = [take(rowBytes), take(64), take(values.byteLength)];
  const [to, other] = [take(rowBytes * known.ids.length), take(values.byteLength)];
  const { memory, kernels } = instantiateRows(end);
  new Float32Array(memory, from, values.length).set(values);
  new Float32Array(memory, blank, columns).fill(-0);
  const nearRows = nearBytes / rowBytes;
  new Uint32Array(memory, near, count).set(ids.map((id) => 2 * (id % nearRows)));
  const places = new Uint32Array(memory, asked, count);
  const addBy = (by: number) => kernels.addFloatRows(by, count, from, to, columns, blank);
  const rank = () => {
    places.set(ids);
    kernels.rankRows(asked, count, rows, marks, distinct);
  };
  const merge = () => {
    rank();
    addBy(asked);
  };
  merge();
  const sums = new Float32Array(memory, to, known.values.length);
  if (!sums.every((sum, i) => sum === known.values[i])) throw new Error("the sums are others");
  return {
    // Sixteen sums side by side.
    read: () => kernels.sumFloatRows(from, 1, values.length / 16, 16, 1, lanes),
    merge,
    rank,
    add: () => addBy(asked),
    near: () => addBy(near),
    copy: () => kernels.repeatFloatRows(from, count, 1, columns, other),
  };
}
