import { z } from "zod";
import type { Random } from "../core/random.ts";
import { define } from "../core/registry.ts";
import { hadamardColumns, powerOfTwoAtLeast } from "../math/transforms.ts";
import { deal } from "./deal.ts";
import type { Encoding, MixingCode } from "./encoding.ts";

/** Stored rows of a full chunk; 64 to 128 data rows a chunk protect as well as one block does. */
const storedRowsMin = 128;

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
  create({ redundancy }): Encoding {
    const storedRowsOf = (workers: number) =>
      powerOfTwoAtLeast(Math.max(storedRowsMin, 2 * workers, Math.ceil(redundancy)));
    const chunkRows = (workers: number) => Math.floor(storedRowsOf(workers) / redundancy);
    const scale = (workers: number) => storedRowsOf(workers) / chunkRows(workers);
    return {
      redundancy,
      mixes: true,
      tight: true,
      refusal: () => null,
      scale,
      chunkRows,
      chunk(_index, rows, workers, random) {
        const full = storedRowsOf(workers);
        const needed = powerOfTwoAtLeast(Math.max(Math.ceil(redundancy * rows), workers));
        const size = Math.min(full, needed);
        return chunkCode(rows, size, Math.sqrt(scale(workers) / size), workers, random);
      },
      weights(arrived, storedRows, _rows) {
        const sum = (slots: Iterable<number>) => {
          let total = 0;
          for (const slot of slots) total += storedRows[slot]!;
          return total;
        };
        const seen = sum(arrived);
        if (seen === 0) return null;
        const weight = sum(storedRows.keys()) / seen / scale(storedRows.length);
        return arrived.map(() => weight);
      },
    };
  },
});

function chunkCode(
  rows: number,
  size: number,
  factor: number,
  workers: number,
  random: Random,
): MixingCode {
  const columnOf = random.fork("columns").permutation(size).subarray(0, rows);
  return {
    kind: "mixtures",
    slots: deal(size, workers, random.fork("slots")),
    encode(values, columns, out) {
      const work = workspace(size * columns);
      work.fill(0);
      for (let row = 0; row < rows; row++) {
        const from = row * columns;
        const to = columnOf[row]! * columns;
        for (let j = 0; j < columns; j++) work[to + j] = values[from + j]!;
      }
      hadamardColumns(work, size, columns);
      for (let i = 0; i < work.length; i++) out[i] = work[i]! * factor;
    },
  };
}

let kept = new Float64Array(0);

/** One buffer for every chunk: chunks of one data set have the same shape but for the last. */
function workspace(length: number): Float64Array {
  if (kept.length < length) kept = new Float64Array(length);
  return kept.subarray(0, length);
}
