import * as z from "zod";

/** Options of every generator. */
export const size = {
  rows: z.int().min(1).max(1e9).default(1_000).describe("how many rows to make"),
  features: z.int().min(1).max(4_194_304).default(20).describe("how many features a row has"),
  seed: z
    .int()
    .default(1)
    .describe("another seed makes another data set; the run's own seed does not"),
};
