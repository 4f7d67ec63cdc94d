import * as z from "zod";
import { powerOfTwoAtLeast } from "../math/transforms.ts";
import type { MixingCodeSpec } from "./mixing.ts";

/** Stored rows of a full chunk; 64 to 128 data rows a chunk protect as well as one block does. */
const storedRowsMin = 128;

type Sizes = Pick<MixingCodeSpec, "refusal" | "full" | "storedRows">;

/** Chunks stored as a power of two, of 128 rows or two a slot, for any redundancy. */
export function powerOfTwoChunks(redundancy: number): Sizes {
  const full = (workers: number) => {
    const storedRows = powerOfTwoAtLeast(
      Math.max(storedRowsMin, 2 * workers, Math.ceil(redundancy)),
    );
    return { rows: Math.floor(storedRows / redundancy), storedRows };
  };
  return {
    refusal: () => null,
    full,
    storedRows(rows, workers) {
      const needed = powerOfTwoAtLeast(Math.max(Math.ceil(redundancy * rows), workers));
      return Math.min(full(workers).storedRows, needed);
    },
  };
}

/**
 * The same, and a chunk that is not full is stored as many rows as a full one: of few stored rows
 * over many slots there are sets that leave a singular share.
 */
export function evenChunks(redundancy: number): Sizes {
  const sizes = powerOfTwoChunks(redundancy);
  return { ...sizes, storedRows: (_, workers) => sizes.full(workers).storedRows };
}

/** One member of a family of frames: N rows by n columns. */
export interface FrameSize {
  readonly rows: number;
  readonly storedRows: number;
}

/** How stored rows go to slots: row by row, two to each at least, or in runs of so many. */
export interface Dealing {
  readonly inWords: string;
  workersMax(size: FrameSize): number;
  /** Of a chunk that is not full. */
  serves(size: FrameSize, workers: number): boolean;
}

const byRows: Dealing = {
  inWords: "two rows",
  workersMax: ({ storedRows }) => Math.floor(storedRows / 2),
  serves: ({ storedRows }, workers) => storedRows >= workers,
};

/**
 * Chunks of one of a family's sizes, given ascending: the smallest of at least `chunk` data rows.
 * The last chunk takes the smallest that holds it and gives something to every slot.
 */
export function familyChunks(
  sizes: readonly FrameSize[],
  chunk: number,
  { inWords, workersMax, serves }: Dealing = byRows,
): Sizes & { readonly size: FrameSize } {
  const size = sizes.find(({ rows }) => rows >= chunk)!;
  return {
    size,
    refusal(workers) {
      if (workers <= workersMax(size)) return null;
      const larger = sizes.find((one) => workers <= workersMax(one));
      const remedy =
        larger === undefined
          ? "no larger chunk serves so many"
          : `set the encoding's chunk to ${larger.rows}`;
      return (
        `chunks of ${size.rows} rows, stored as ${size.storedRows}, give ${inWords} each to at ` +
        `most ${workersMax(size)} workers; ${remedy}`
      );
    },
    full: () => size,
    storedRows(rows, workers) {
      const holds = (one: FrameSize) => one.rows >= rows && serves(one, workers);
      return Math.min(size.storedRows, sizes.find(holds)!.storedRows);
    },
  };
}

/** The redundancy of a family of equiangular frames, which is not a choice. */
export const aboutTwo = z
  .literal(2, "expected 2: equiangular frames store about two rows for each; hadamard takes others")
  .default(2)
  .describe("stored rows over data rows: about two, by construction");
