import { define } from "../core/registry.ts";
import { assignSlots } from "./assign-slots.ts";
import type { Encoding } from "./encoding.ts";

const chunkRowsPerSlot = 32;

/** Every data row once, at a random slot: S is a permutation. A lost slot's rows are missed. */
export const uncoded = define({
  name: "uncoded",
  summary: "every row once, at one slot; what a lost slot holds is missing from that round",
  options: {},
  examples: [{}],
  create: (): Encoding => ({
    redundancy: 1,
    mixes: false,
    tight: true,
    refusal: () => null,
    scale: () => 1,
    chunkRows: (workers) => workers * chunkRowsPerSlot,
    chunk: (_index, rows, workers, random) => ({
      kind: "copies",
      source: Uint32Array.from({ length: rows }, (_, row) => row),
      slots: assignSlots(rows, workers, random),
    }),
    weights(arrived, storedRows, rows) {
      const seen = arrived.reduce((total, slot) => total + storedRows[slot]!, 0);
      return seen === 0 ? null : arrived.map(() => rows / seen);
    },
  }),
});
