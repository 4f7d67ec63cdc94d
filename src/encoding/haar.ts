import * as z from "zod";
import type { Random } from "../core/random.ts";
import { define } from "../core/registry.ts";
import { haarColumns } from "../math/transforms.ts";
import { powerOfTwoChunks } from "./chunk-sizes.ts";
import { type ChunkShape, mixingCode, scattered } from "./mixing.ts";

/**
 * Subsampled Haar frame: data rows stand at random columns of the orthonormal Haar matrix, S =
 * sqrt(c) H[:, columns]. Tight and sparse, but half of the stored rows see two data rows at most:
 * unequal norms, and a data row's finest difference is lost with the one slot that holds it.
 */
export const haar = define({
  name: "haar",
  summary: "tight sparse frame by Haar wavelets; cheap, but weak where slots are missing",
  reference: "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019: subsampled Haar encoding",
  options: {
    redundancy: z.number().min(1).max(16).default(2).describe("stored rows over data rows"),
  },
  examples: [{}, { redundancy: 4 }],
  create: ({ redundancy }) =>
    mixingCode({
      redundancy,
      tight: true,
      ...powerOfTwoChunks(redundancy),
      encoder: (chunk, random) => scattered(placesOf(chunk, random), chunk, 1, haarColumns),
      sources(chunk, random) {
        const rowAt = new Int32Array(chunk.storedRows).fill(-1);
        for (const [row, place] of placesOf(chunk, random).entries()) rowAt[place] = row;
        return (stored) => {
          // Row 2^l + i of the matrix spans the i-th of 2^l pieces, row 0 everything.
          const pieces = stored === 0 ? 1 : 2 ** Math.floor(Math.log2(stored));
          const length = chunk.storedRows / pieces;
          const from = stored === 0 ? 0 : (stored - pieces) * length;
          return rowAt.subarray(from, from + length).filter((row) => row >= 0);
        };
      },
    }),
});

function placesOf({ rows, storedRows }: ChunkShape, random: Random): Uint32Array {
  return random.fork("columns").permutation(storedRows).subarray(0, rows);
}
