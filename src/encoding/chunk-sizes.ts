import { powerOfTwoAtLeast } from "../math/transforms.ts";
import type { Mixing } from "./mixing.ts";

/** Stored rows of a full chunk; 64 to 128 data rows a chunk protect as well as one block does. */
const storedRowsMin = 128;

type Sizes = Pick<Mixing, "refusal" | "full" | "storedRows">;

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

/** One member of a family of frames: N rows by n columns. */
export interface FrameSize {
  readonly rows: number;
  readonly storedRows: number;
}

/**
 * Chunks of one of a family's sizes, given ascending: the smallest of at least `chunk` data rows.
 * The last chunk takes the smallest that holds it and gives every slot a row.
 */
export function familyChunks(
  sizes: readonly FrameSize[],
  chunk: number,
): Sizes & { readonly size: FrameSize } {
  const size = sizes.find(({ rows }) => rows >= chunk)!;
  const workersMax = (one: FrameSize) => Math.floor(one.storedRows / 2);
  return {
    size,
    refusal(workers) {
      if (workers <= workersMax(size)) return null;
      const larger = sizes.find((one) => workers <= workersMax(one))!;
      return (
        `chunks of ${size.rows} rows, stored as ${size.storedRows}, give two rows each to at ` +
        `most ${workersMax(size)} workers; set the encoding's chunk to ${larger.rows}`
      );
    },
    full: () => size,
    storedRows(rows, workers) {
      const holds = (one: FrameSize) => one.rows >= rows && one.storedRows >= workers;
      return Math.min(size.storedRows, sizes.find(holds)!.storedRows);
    },
  };
}
