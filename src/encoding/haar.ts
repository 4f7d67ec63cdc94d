import * as z from "zod";
import { define } from "../core/registry.ts";
import { haarColumns } from "../math/haar.ts";
import { powerOfTwoChunks } from "./chunk-sizes.ts";
import { mixing, scattered } from "./mixing.ts";

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
    mixing({
      redundancy,
      tight: true,
      ...powerOfTwoChunks(redundancy),
      encoder(chunk, random) {
        const places = random.fork("columns").permutation(chunk.storedRows);
        return scattered(places.subarray(0, chunk.rows), chunk, 1, haarColumns);
      },
    }),
});
