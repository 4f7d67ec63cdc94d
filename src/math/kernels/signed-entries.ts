import type { DenseRows } from "../rows.ts";
import { rowsOf, widthOf } from "./block-rows.ts";

/** Rows of a block, of which a byte tells the signs. */
export const rowsMax = 4;
/** Of all columns so many may have entries of their own: the first ones. */
const denseShareMax = 1 / 8;

/** What holds of all rows: every entry after the first columns is one number or its negative. */
export interface Signed {
  readonly magnitude: number;
  /** So many columns have entries of their own. */
  readonly dense: number;
}

/** What holds of blocks of such slabs; null where too many entries are others. */
export function signedOf(
  blocks: readonly (readonly DenseRows[])[],
  shape: readonly DenseRows[],
): Signed | null {
  const magnitude = Math.abs(shape.at(-1)!.values.at(-1) ?? 0);
  if (magnitude === 0 || !Number.isFinite(magnitude)) return null;
  const dense = blocks.reduce((most, slabs) => Math.max(most, denseOf(slabs, magnitude)), 0);
  return dense > denseShareMax * widthOf(shape) ? null : { magnitude, dense };
}

export function isSigned(slabs: readonly DenseRows[], { magnitude, dense }: Signed): boolean {
  return rowsOf(slabs) <= rowsMax && denseOf(slabs, magnitude) <= dense;
}

/** The first so many columns have entries of another magnitude. */
function denseOf(slabs: readonly DenseRows[], magnitude: number): number {
  let from = widthOf(slabs);
  for (const { rows, columns, values } of slabs.toReversed()) {
    from -= columns;
    let dense = 0;
    for (let row = 0; row < rows; row++) {
      let j = columns;
      while (j > dense && Math.abs(values[row * columns + j - 1]!) === magnitude) j--;
      dense = j;
    }
    if (dense > 0) return from + dense;
  }
  return 0;
}
