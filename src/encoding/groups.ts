import { assignSlots } from "./assign-slots.ts";
import type { Encoding } from "./encoding.ts";

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
  const heard = new Set<number>();
  return arrived.map((slot) => {
    const isFirst = !heard.has(slot % groups);
    heard.add(slot % groups);
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
