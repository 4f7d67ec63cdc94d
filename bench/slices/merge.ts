import { randomFrom } from "../../src/core/random.ts";
import { mergeSlices } from "../../src/math/slices/merge.ts";
import { meanMs } from "./timing.ts";

/**
 * GB/s of input on one thread: merged; only read, a sum of all values; and copied to other memory,
 * which reads and writes it, by the machine's own means. Means of 31 runs.
 */
export function mergeSpeed() {
  console.log("\nGB/s of input, and how fast merging is of reading:");
  console.log(
    "slices, float32                    ids   distinct       merge        read        copy" +
      "       ratio",
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
    const gbPerSecond = (ms: number) => bytes / ms / 1e6;
    const other = new Float32Array(values.length).fill(1);
    // Side by side, so that whoever else works on the machine slows all of them.
    const [merge, read, copy] = [
      () => mergeSlices(slices),
      () => sumOf(values),
      () => other.set(values),
    ].map((work) => gbPerSecond(meanMs(31, work))) as [number, number, number];
    const ratio = merge / read;
    const shape = `${rows.toLocaleString("en-US")} x ${columns}`;
    const figures = [merge, read, copy, ratio].map((one) => one.toFixed(2).padStart(12));
    console.log(
      shape.padEnd(30) +
        `${count.toString().padStart(8)}${distinct.toString().padStart(11)}` +
        figures.join(""),
    );
    return { rows, columns, count, distinct, merge, read, copy, ratio };
  });
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
