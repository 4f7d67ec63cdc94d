import * as z from "zod";
import { define } from "../core/registry.ts";
import { hadamardColumns } from "../math/transforms.ts";
import { evenChunks } from "./chunk-sizes.ts";
import { mixingCode, scattered } from "./mixing.ts";

/**
 * Subsampled Hadamard frame, chunk by chunk: data rows stand at random columns of the Sylvester
 * matrix H_N, S = sqrt(c/N) H[:, columns], so S'S = cI exactly, with one transform per chunk and no
 * multiplications but the scale. Stored rows are dealt to slots in random order: without that
 * permutation whole blocks of H become parallel inside a slot and the protection is gone.
 */
export const hadamard = define({
  name: "hadamard",
  summary: "tight frame by fast Walsh-Hadamard transform; every row is spread over all slots",
  reference: "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019: subsampled Hadamard encoding",
  options: {
    redundancy: z.number().min(1).max(16).default(2).describe("stored rows over data rows"),
  },
  examples: [{}, { redundancy: 1.5 }, { redundancy: 4 }],
  create: ({ redundancy }) =>
    mixingCode({
      redundancy,
      tight: true,
      ...evenChunks(redundancy),
      encoder(chunk, random) {
        const places = random.fork("columns").permutation(chunk.storedRows);
        const used = places.subarray(0, chunk.rows);
        return scattered(used, chunk, chunk.storedRows, hadamardColumns);
      },
    }),
});
