import type { Column } from "../formats/table.ts";
import type { Preparation } from "../manifests.ts";
import type { SparseBuffer } from "../parts/sparse-parts.ts";
import { levelMap } from "./features.ts";

/** Adds the rating at `cells[base]` to a buffer. */
export type AddRating = (
  cells: Float64Array,
  base: number,
  target: number,
  to: SparseBuffer,
) => void;

/** Ratings from columns are sparse though their source is not. */
export function isRatings({ sparse, columns }: Preparation): boolean {
  return sparse && columns.length > 0;
}

/**
 * How cells become a rating's row: a one for each of user and item that is known, and for the
 * intercept. `read` are the columns of a window, in order.
 */
export function ratingWriter(preparation: Preparation, read: readonly Column[]): AddRating {
  let width = 0;
  const sides = preparation.columns.map((plan) => {
    const place = read.findIndex((column) => column.name === plan.name);
    const first = width;
    width += plan.kind === "category" ? plan.levels.length : 1;
    return { place, first, levels: levelMap(plan, read[place]!) };
  });
  const interceptAt = preparation.intercept ? width : -1;
  return (cells, base, target, to) => {
    to.begin(target);
    for (const { place, first, levels } of sides) {
      const cell = cells[base + place]!;
      const level = cell >= 0 ? levels[cell]! : -1;
      if (level >= 0) to.extend(first + level, 1);
    }
    if (interceptAt >= 0) to.extend(interceptAt, 1);
  };
}
