import type { SparseRows } from "../../math/rows.ts";
import type { Preparation } from "../manifests.ts";

/** Moments of one feature, what is not stored counting as 0. */
interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * What values of sparse features are divided by to have deviation 1 over the training rows: nothing
 * is taken from them, which would fill zeros up. A feature that is always the same stays as it is.
 */
export function sparseDeviations(moments: readonly Moments[]): number[] {
  return moments.map(({ deviation }) => (deviation > 0 ? Number(deviation.toPrecision(9)) : 1));
}

/** Moments of values once they are divided. */
export function dividedMoments(moments: readonly Moments[], deviations: readonly number[]) {
  return moments.map(({ mean, deviation }, j) => ({
    mean: mean / deviations[j]!,
    deviation: deviation / deviations[j]!,
  }));
}

/** Divides entries by their feature's deviation, in place; those beyond all features stay. */
export function divideEntries(
  { values, indices }: Pick<SparseRows, "values" | "indices">,
  deviations: Preparation["deviations"],
): void {
  if (deviations === undefined) return;
  for (let at = 0; at < values.length; at++) values[at]! /= deviations[indices[at]!] ?? 1;
}
