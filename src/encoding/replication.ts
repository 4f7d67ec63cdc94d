import { z } from "zod";
import { define } from "../core/registry.ts";
import { deal } from "./deal.ts";
import type { Encoding } from "./encoding.ts";

const chunkRowsPerGroup = 32;

/**
 * Groups of `redundancy` slots hold the same rows: slots g, g + m/r, g + 2m/r, ... are copies of
 * each other. The first copy in slot order counts; a part of the data is missed only when all its
 * copies are.
 */
export const replication = define({
  name: "replication",
  summary: "every row at several slots; missed only when all of them are",
  options: {
    redundancy: z.int().min(1).max(64).default(2).describe("how many slots hold each row"),
  },
  examples: [{}, { redundancy: 4 }],
  create: ({ redundancy }): Encoding => ({
    redundancy,
    mixes: false,
    tight: true,
    refusal: (workers) =>
      workers % redundancy === 0
        ? null
        : `replication ${redundancy} needs a number of workers that ${redundancy} divides`,
    scale: () => redundancy,
    chunkRows: (workers) => (workers / redundancy) * chunkRowsPerGroup,
    chunk(_index, rows, workers, random) {
      const groups = workers / redundancy;
      const group = deal(rows, groups, random);
      const source = new Uint32Array(rows * redundancy);
      const slots = new Uint16Array(rows * redundancy);
      for (let copy = 0; copy < redundancy; copy++) {
        for (let row = 0; row < rows; row++) {
          source[copy * rows + row] = row;
          slots[copy * rows + row] = group[row]! + copy * groups;
        }
      }
      return { kind: "copies", source, slots };
    },
    weights(arrived, storedRows, rows) {
      const groups = storedRows.length / redundancy;
      const heard = new Set<number>();
      const first = arrived.map((slot) => {
        const isFirst = !heard.has(slot % groups);
        heard.add(slot % groups);
        return isFirst;
      });
      let seen = 0;
      for (const [i, slot] of arrived.entries()) if (first[i]) seen += storedRows[slot]!;
      return seen === 0 ? null : first.map((isFirst) => (isFirst ? rows / seen : 0));
    },
  }),
});
