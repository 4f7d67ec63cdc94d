import { randomFrom } from "../../src/core/random.ts";
import type { DoublePart } from "../../src/math/slices/gradient-part.ts";
import { sliceBytes } from "../../src/math/slices/slices.ts";
import { slicedReply } from "../../src/tasks/sliced-reply.ts";

const [rows, columns] = [10_000, 64];
const header = 12;
/** Of the better of slices and dense, at most. */
const excessMax = 0.05;

/** Bytes of a reply as `auto` sends it, beside slices and dense, by its share of the rows. */
export function bytesBySharing() {
  console.log("\nbytes of one reply, table of 10,000 x 64");
  console.log("share of rows      slices       dense        auto   over the better");
  const dense = 4 * rows * columns;
  return [0.001, 0.01, 0.1, 0.5, 0.9, 0.98, 0.985, 0.99, 1].map((share) => {
    const count = Math.round(share * rows);
    const random = randomFrom("rows");
    const ids = random.permutation(rows).subarray(0, count).sort();
    const part: DoublePart = {
      kind: "slices",
      slices: {
        ...{ rows, columns, ids: Uint32Array.from(ids) },
        values: new Float64Array(count * columns).fill(1),
      },
    };
    const gradient = { loss: 0, parts: [part], tables: [{ tensor: 0, rows: count }] };
    const { values, payload } = slicedReply(gradient, [{ shape: [rows, columns] }], "auto");
    const auto = values.byteLength + (payload?.byteLength ?? 0);
    const slices = sliceBytes(count, columns);
    const over = auto - Math.min(slices, dense);
    const excess = over / Math.min(slices, dense);
    if (over > header + 8 || excess > excessMax)
      throw new Error(`${over} bytes more than the better at ${share}`);
    console.log(
      `${`${100 * share} %`.padEnd(13)}${[slices, dense, auto]
        .map((bytes) => bytes.toLocaleString("en-US").padStart(12))
        .join("")}${`${over} B`.padStart(12)}${`${(100 * excess).toFixed(3)} %`.padStart(10)}`,
    );
    return { share, slices, dense, auto };
  });
}
