import { randomFrom } from "../../src/core/random.ts";
import { firstFree, instantiateRows } from "../../src/math/kernels/instance.ts";
import { mergeSlices } from "../../src/math/slices/merge.ts";
import { rankIds } from "../../src/math/slices/ranks.ts";
import type { Slices } from "../../src/math/slices/slices.ts";
import { meanMs, medianOf } from "./timing.ts";

/** Of reading, how fast merging is to be: what was asked for. */
const wanted = 0.5;

/**
 * GB/s of input on one thread, medians of turns: merged; its parts each alone, and all of them one
 * after another, which it cannot be faster than; only read, a sum of all values; and copied to
 * other memory, which reads and writes it, by the machine's own means.
 */
export function mergeSpeed() {
  console.log("\nGB/s of input, and how fast merging is of reading, and its parts together are:");
  const names = ["merge", "ranks", "copy in", "add", "copy out", "parts", "read", "copy"];
  console.log(
    `slices, float32        ids  distinct${names.map((name) => name.padStart(9)).join("")}` +
      `${"merge".padStart(7)}${"parts".padStart(7)}`,
  );
  return [
    { rows: 30_000, columns: 128, count: 65_536 },
    { rows: 100_000, columns: 64, count: 131_072 },
    { rows: 100_000, columns: 16, count: 262_144 },
  ].map(({ rows, columns, count }) => {
    const random = randomFrom("merge");
    const ids = Uint32Array.from({ length: count }, () => Math.floor(rows * random.uniform() ** 3));
    const values = new Float32Array(count * columns).fill(0.5);
    const slices = { rows, columns, ids, values };
    const distinct = mergeSlices(slices).ids.length;
    const bytes = values.byteLength + ids.byteLength;
    const other = new Float32Array(values.length).fill(1);
    const works = [
      () => mergeSlices(slices),
      ...partsOf(slices),
      () => sumOf(values),
      () => other.set(values),
    ];
    // By turns, so that whoever else works on the machine slows all of them.
    const turns = Array.from({ length: 9 }, () => works.map((work) => meanMs(4, work)));
    const [merge, ...parts] = works.map((_, at) => medianOf(turns.map((turn) => turn[at]!)));
    const [read, copy] = parts.splice(-2);
    const together = parts.reduce((sum, part) => sum + part, 0);
    const all = [merge!, ...parts, together, read!, copy!];
    const [told, bound] = [read! / merge!, read! / together];
    console.log(
      `${rows.toLocaleString("en-US")} x ${columns}`.padEnd(17) +
        `${String(count).padStart(9)}${String(distinct).padStart(10)}` +
        all.map((ms) => (bytes / ms / 1e6).toFixed(2).padStart(9)).join("") +
        `${told.toFixed(2).padStart(7)}${bound.toFixed(2).padStart(7)}` +
        (told < wanted ? `  below ${wanted}` : ""),
    );
    const speeds = Object.fromEntries(names.map((name, at) => [name, bytes / all[at]! / 1e6]));
    return { rows, columns, count, distinct, ...speeds, ratio: told, bound };
  });
}

/**
 * What a merge in WebAssembly must do, each by itself and over and over in the same memory: rank
 * the ids, copy the values in, add rows to scattered sums, and copy the sums out to new memory.
 */
function partsOf({ rows, columns, ids, values }: Slices<Float32Array<ArrayBuffer>>) {
  const { distinct, places } = rankIds(ids, rows);
  const blockRows = Math.floor(2 ** 16 / (4 * columns));
  const block = firstFree + 64 * Math.ceil((4 * ids.length) / 64);
  const blank = block + 4 * columns * blockRows;
  const sums = blank + 4 * columns;
  const length = distinct.length * columns;
  const { memory, kernels } = instantiateRows(sums + 4 * length);
  new Uint32Array(memory, firstFree, ids.length).set(places);
  new Float32Array(memory, blank, columns).fill(-0);
  const copied = new Float32Array(memory, block, blockRows * columns);
  const eachBlock = (work: (from: number, count: number) => void) => {
    for (let from = 0; from < ids.length; from += blockRows)
      work(from, Math.min(blockRows, ids.length - from));
  };
  return [
    () => rankIds(ids, rows),
    () =>
      eachBlock((from, count) =>
        copied.set(values.subarray(from * columns, (from + count) * columns)),
      ),
    () =>
      eachBlock((from, count) =>
        kernels.addFloatRows(firstFree + 4 * from, count, block, sums, columns, blank),
      ),
    () =>
      new Float32Array(Buffer.allocUnsafeSlow(4 * length).buffer).set(
        new Float32Array(memory, sums, length),
      ),
  ];
}

/** Four sums side by side, so that it is memory that it waits for. */
function sumOf(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i += 4) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
  }
  return a + b + c + d;
}
