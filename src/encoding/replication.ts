import * as z from "zod";
import { define } from "../core/registry.ts";
import type { Encoding } from "./encoding.ts";
import { copiesByGroup, firstOfGroup } from "./groups.ts";

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
    ...copiesByGroup(redundancy),
    /** The parts that were heard stand for those that were not, by their rows. */
    weights(arrived, storedRows, rows) {
      const first = firstOfGroup(arrived, storedRows.length / redundancy);
      let seen = 0;
      for (const [i, slot] of arrived.entries()) seen += first[i]! * storedRows[slot]!;
      return seen === 0 ? null : first.map((isFirst) => (isFirst * rows) / seen);
    },
  }),
});
