import { fullWeight, weightHeld, weightHeldInMean } from "../bias-correction.ts";
import type { MadaCoefficients } from "./coefficients.ts";

/** How the six coefficients are meant; fixed for a run. */
export interface MadaShape {
  readonly epsilon: number;
  /** What rho leads away from the last v: to the mean of all v, or to their maximum. */
  readonly denom: "avg" | "max";
  /** One divisor 1 - b2^t for both branches, for the mean the one that is its own, or nowhere. */
  readonly debias: "shared" | "branch" | "none";
  readonly compat: "clean" | "published";
}

/** Lion's own two, which are not learned. */
const lionBetas = [0.95, 0.98] as const;

/** What one step needs besides the arrays: for w' = last v + mean w, and their derivatives. */
export interface Factors extends MadaCoefficients {
  readonly t: number;
  readonly epsilon: number;
  readonly isMax: boolean;
  /** 1, or 0 where no derivative goes through the mean of v. */
  readonly kappa: number;
  readonly lion1: number;
  readonly lion2: number;
  /** 1 / (1 - b1^t) and its derivative by b1. */
  readonly first: number;
  readonly firstSlope: number;
  readonly last: number;
  readonly mean: number;
  /** Of `last` and `mean`, by b2. */
  readonly lastByBeta2: number;
  readonly meanByBeta2: number;
  /** Of `last` and `mean`, by rho. */
  readonly lastByRho: number;
  readonly meanByRho: number;
}

export function factorsAt(q: MadaCoefficients, t: number, shape: MadaShape): Factors {
  const { beta1, beta2, rho } = q;
  const { epsilon, denom, debias, compat } = shape;
  const isPublished = compat === "published";
  const first = debias === "none" ? fullWeight : weightHeld(beta1, t);
  const own = debias === "none" ? fullWeight : weightHeld(beta2, t);
  const isOwn = debias === "branch" && denom === "avg";
  const other = isOwn ? weightHeldInMean(beta2, t) : own;
  return {
    ...q,
    t,
    epsilon,
    isMax: denom === "max",
    kappa: isPublished ? 0 : 1,
    // Its momentum moves before it is looked at, which is Lion with b1 times b2 for b1.
    lion1: isPublished ? lionBetas[0] * lionBetas[1] : lionBetas[0],
    lion2: lionBetas[1],
    first: first.inverse,
    firstSlope: first.slope,
    last: rho * own.inverse,
    mean: (1 - rho) * other.inverse,
    lastByBeta2: rho * own.slope,
    meanByBeta2: (1 - rho) * other.slope,
    lastByRho: own.inverse,
    meanByRho: -other.inverse,
  };
}
