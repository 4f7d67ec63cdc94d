import * as z from "zod";
import { define } from "../core/registry.ts";
import { assignSlots, type Encoding } from "./encoding.ts";

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

const chunkRowsPerGroup = 32;

/** Groups of slots that hold the same rows: of m slots, g, g + m/r, g + 2m/r, ... for r copies. */
export function copiesByGroup(copies: number): Pick<Encoding, "scale" | "chunkRows" | "chunk"> {
  return {
    scale: () => copies,
    chunkRows: (workers) => (workers / copies) * chunkRowsPerGroup,
    chunk(_index, rows, workers, random) {
      const groups = workers / copies;
      const group = assignSlots(rows, groups, random);
      const source = new Uint32Array(rows * copies);
      const slots = new Uint16Array(rows * copies);
      for (let copy = 0; copy < copies; copy++) {
        for (let row = 0; row < rows; row++) {
          source[copy * rows + row] = row;
          slots[copy * rows + row] = group[row]! + copy * groups;
        }
      }
      return { kind: "copies", source, slots };
    },
  };
}

/** 1 for the first slot of each group that arrived, in slot order, and 0 for its copies. */
export function firstOfGroup(arrived: readonly number[], groups: number): number[] {
  const groupsSeen = new Set<number>();
  return arrived.map((slot) => {
    const isFirst = !groupsSeen.has(slot % groups);
    groupsSeen.add(slot % groups);
    return isFirst ? 1 : 0;
  });
}

/** Why groups of s + 1 slots cannot share that many workers, or null. */
export function indivisible(stragglers: number, workers: number): string | null {
  if (workers % (stragglers + 1) === 0) return null;
  return (
    `a gradient code for ${stragglers} stragglers keeps ${stragglers + 1} copies of each ` +
    `part, which needs a number of workers that ${stragglers + 1} divides`
  );
}
