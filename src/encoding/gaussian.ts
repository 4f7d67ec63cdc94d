import * as z from "zod";
import type { Random } from "../core/random.ts";
import { define } from "../core/registry.ts";
import { combineRows } from "../math/products.ts";
import { powerOfTwoChunks } from "./chunk-sizes.ts";
import type { MixingCode } from "./encoding.ts";
import { type ChunkShape, mixingCode, workspace } from "./mixing.ts";

/**
 * Independent normal entries, scaled so that trace(S'S) = c n in every chunk. Not tight: even with
 * every slot the estimate is that of a random quadratic near the true one.
 */
export const gaussian = define({
  name: "gaussian",
  summary: "random normal mixtures; not tight, so inexact even with every slot: for comparison",
  reference: "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019: Gaussian encoding",
  options: {
    redundancy: z.number().min(1).max(16).default(2).describe("stored rows over data rows"),
  },
  examples: [{}, { redundancy: 4 }],
  create: ({ redundancy }) => {
    const sizes = powerOfTwoChunks(redundancy);
    return mixingCode({
      redundancy,
      tight: false,
      ...sizes,
      storedRows: (rows, workers) =>
        Math.min(sizes.full(workers).storedRows, Math.max(Math.ceil(redundancy * rows), workers)),
      encoder: (chunk, random) => product(entries(chunk, random.fork("entries")), chunk.storedRows),
    });
  },
});

/** S, row-major. */
function entries({ rows, storedRows, scale }: ChunkShape, random: Random): Float64Array {
  const s = new Float64Array(storedRows * rows);
  let squares = 0;
  for (let i = 0; i < s.length; i++) {
    const entry = random.normal();
    s[i] = entry;
    squares += entry * entry;
  }
  const factor = Math.sqrt((scale * rows) / squares);
  for (let i = 0; i < s.length; i++) s[i]! *= factor;
  return s;
}

function product(s: Float64Array, storedRows: number): MixingCode["encode"] {
  const rows = s.length / storedRows;
  return (values, columns, out) => {
    const precise = workspace(values.length);
    precise.set(values);
    const sums = new Float64Array(columns);
    for (let i = 0; i < storedRows; i++) {
      combineRows(s.subarray(i * rows, (i + 1) * rows), precise, 0, sums);
      out.set(sums, i * columns);
    }
  };
}
