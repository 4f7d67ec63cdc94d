import type { Encoding } from "../encoding/encoding.ts";

/** How far a result over some slots may be above the best one, as parts of the best objective. */
export interface ErrorBound {
  /** For the worst data there can be, the slots staying the same; infinite where none is known. */
  readonly worst: number;
  /** For data whose rows are alike, on average. */
  readonly typical: number;
}

/**
 * What theory says of least squares over a share `heard` of the slots. Worst case: the condition
 * kappa of S_A'S_A gives f(w_A)/f(w*) - 1 <= (kappa - 1)^2 / (4 kappa), which is attained. Typical:
 * (columns/rows) times the relative variance of the eigenvalues of S_A'S_A.
 */
export function errorBound(encoding: Encoding, heard: number, shape: Shape): ErrorBound {
  const { redundancy, mixes, tight } = encoding;
  if (isExact(encoding, shape.workers)) return { worst: 0, typical: 0 };
  const aspect = shape.columns / shape.rows;
  if (mixes && !tight) {
    const kappa = gaussianCondition(redundancy, heard);
    return { worst: worstGap(kappa), typical: aspect / (redundancy * heard) };
  }
  if (heard >= 1) return { worst: 0, typical: 0 };
  if (mixes)
    return {
      worst: worstGap(frameCondition(redundancy, heard)),
      typical: (aspect * (1 - heard)) / (redundancy * heard),
    };
  const missed = (1 - heard) ** Math.max(1, redundancy);
  return { worst: Number.POSITIVE_INFINITY, typical: (aspect * missed) / (1 - missed) };
}

export interface Shape {
  readonly rows: number;
  readonly columns: number;
  readonly workers: number;
}

/**
 * Condition of S_A'S_A for a generic tight frame of `redundancy` when a share `heard` of its rows
 * is kept: the edges of the MANOVA (Wachter) law of random sub-frames. Infinite where singular.
 */
export function frameCondition(redundancy: number, heard: number): number {
  const { least, largest } = frameEdges(redundancy, heard);
  return least > 0 ? largest / least : Number.POSITIVE_INFINITY;
}

/** The law's edges for S_A'S_A / (c heard), with g = 1/redundancy and h = heard. */
export function frameEdges(
  redundancy: number,
  heard: number,
): { readonly least: number; readonly largest: number } {
  const g = 1 / redundancy;
  const h = heard;
  const middle = g + h - 2 * g * h;
  const width = 2 * Math.sqrt(Math.max(0, g * h * (1 - g) * (1 - h)));
  return {
    least: h > g ? (middle - width) / h : 0,
    largest: g + h > 1 ? 1 / h : (middle + width) / h,
  };
}

/** (kappa + 1)^2 / (4 kappa) - 1. */
export function worstGap(kappa: number): number {
  return Number.isFinite(kappa) ? (kappa - 1) ** 2 / (4 * kappa) : Number.POSITIVE_INFINITY;
}

/** Of independent normal entries: the edges (1 +- sqrt(1/(redundancy heard)))^2. */
function gaussianCondition(redundancy: number, heard: number): number {
  const root = Math.sqrt(1 / (redundancy * heard));
  return root < 1 ? ((1 + root) / (1 - root)) ** 2 : Number.POSITIVE_INFINITY;
}

/** It would rather wait for more slots than estimate. */
function isExact(encoding: Encoding, workers: number): boolean {
  if (encoding.mixes || encoding.redundancy <= 1 || encoding.refusal(workers) !== null)
    return false;
  return encoding.weights([0], new Array<number>(workers).fill(1), workers) === null;
}
