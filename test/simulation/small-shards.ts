import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";

export const columns = 7;
export const slots = 9;

/** Slot `slot` has `slot` rows, the first slot none. */
export function shardsOf(classes: boolean): Examples[] {
  const random = randomFrom(`crowd/${classes}`);
  return Array.from({ length: slots }, (_, rows) => ({
    rows: {
      kind: "dense",
      rows,
      columns,
      values: Float32Array.from({ length: rows * columns }, () => random.normal()),
    },
    targets: Float32Array.from({ length: rows }, () =>
      classes ? random.integer(2) : random.normal(),
    ),
  }));
}
