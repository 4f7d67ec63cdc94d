import { RunError } from "../../core/errors.ts";

/**
 * Mutual-information privacy (Cuff and Yu, 2016): given everybody else's data, what is published
 * holds at most epsilon of information about the protected unit, whatever its prior. Its numbers
 * look small and are weak: 0.1 nat of one entry is an epsilon of 4.08 at delta 1e-5.
 */
export const informationUnits = ["nats", "bits"] as const;

export type InformationUnit = (typeof informationUnits)[number];

/** What is protected: one number of the data, or all of a record's. */
export const protectedUnits = ["entry", "row"] as const;

export type ProtectedUnit = (typeof protectedUnits)[number];

/** What noise must hide: numbers of size B at most, or rows of that norm over k columns. */
export interface Bounded {
  readonly unit: ProtectedUnit;
  readonly bound: number;
  /** How many numbers a row has, its target included. */
  readonly columns: number;
}

/** A number of nats, whichever unit it was told in. */
export function natsOf(epsilon: number, unit: InformationUnit): number {
  if (!(epsilon > 0) || !Number.isFinite(epsilon))
    throw new RunError("bad-value", `epsilon: expected ${unit} above 0, got ${epsilon}`, {
      hint: "0.1 nat is a strict amount for one entry",
    });
  return unit === "bits" ? epsilon * Math.LN2 : epsilon;
}

/**
 * The variance that interference and noise must have together so that `receivers` sums, each with
 * the unit in it once, tell at most `nats` of it: the capacity of a channel with as many antennas,
 * by Jensen over its fading. One entry: r B^2 / (e^(2 epsilon) - 1). A row of k: its power spread
 * evenly, r B^2 / (k (e^(2 epsilon / k) - 1)).
 */
export function neededVariance(nats: number, receivers: number, what: Bounded): number {
  const power = receivers * what.bound ** 2;
  if (what.unit === "entry") return power / Math.expm1(2 * nats);
  return power / (what.columns * Math.expm1((2 * nats) / what.columns));
}

/** Noise added to the data themselves: each number of them is one receiver. */
export function additiveVariance(nats: number, what: Bounded): number {
  return neededVariance(nats, 1, what);
}

/**
 * Noise on r random mixtures, given how much the other rows hide at least: c^2 must bound the
 * smallest eigenvalue of D'D without any one row from below. A bound on columns' norms would not
 * do: mixtures of other columns by the same secret matrix give that matrix away.
 */
export function projectionVariance(
  nats: number,
  rows: number,
  hidden: number,
  what: Bounded,
): number {
  return Math.max(0, neededVariance(nats, rows, what) - hidden);
}
