import * as z from "zod";

/**
 * Makes a data set up, row after row. Laws: starting again gives the same rows; rows do not depend
 * on how they are read; columns are `x0`, `x1`, ... and the target `y`.
 */
export type Generator = DenseGenerator | SparseGenerator;

export interface DenseGenerator {
  readonly kind: "dense";
  readonly rows: number;
  readonly features: number;
  /** Returns what writes the next row's features to `cells[base]` on, and returns its target. */
  start(): (cells: Float64Array, base: number) => number;
}

export interface SparseGenerator {
  readonly kind: "sparse";
  readonly rows: number;
  readonly features: number;
  readonly entriesPerRow: number;
  /** Returns what writes the next row's entries from `at` on, ascending, and returns its label. */
  start(): (values: Float32Array, indices: Uint32Array, at: number) => number;
}

/** Options of every generator. */
export const size = {
  rows: z.int().min(1).max(1e9).default(1_000).describe("how many rows to make"),
  features: z.int().min(1).max(4_194_304).default(20).describe("how many features a row has"),
  seed: z
    .int()
    .default(1)
    .describe("another seed makes another data set; the run's own seed does not"),
};
