import { randomFrom } from "../../src/core/random.ts";
import { mergeSlices } from "../../src/math/slices/slices.ts";
import { medianMs } from "./timing.ts";

/** GB/s of input: merged, and only read (a sum of all values), on one thread. */
export function mergeSpeed() {
  console.log(
    "\nmerging slices, float32            ids   distinct   merge GB/s   read GB/s   ratio",
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
    const merge = gbPerSecond(medianMs(9, () => mergeSlices(slices)));
    const read = gbPerSecond(medianMs(9, () => sumOf(values)));
    const ratio = merge / read;
    const shape = `${rows.toLocaleString("en-US")} x ${columns}`;
    const figures = [merge, read, ratio].map((one) => one.toFixed(2).padStart(12));
    console.log(
      shape.padEnd(30) +
        `${count.toString().padStart(8)}${distinct.toString().padStart(11)}` +
        figures.join(""),
    );
    return { rows, columns, count, distinct, merge, read, ratio };
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
