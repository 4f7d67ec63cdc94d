/**
 * The normal distribution to the last digits of a double, also far out in its tails, where sums of
 * probabilities near 1 would have lost everything.
 */

const rootTwoPi = Math.sqrt(2 * Math.PI);
const logRootTwoPi = Math.log(2 * Math.PI) / 2;

/** exp(-x^2 / 2) / sqrt(2 pi). */
export function normalDensity(x: number): number {
  return halfSquareExponential(x) / rootTwoPi;
}

/** Phi(x), with full relative precision for every x whose value is a normal double. */
export function normalCdf(x: number): number {
  if (x > 0) return 1 - normalCdf(-x);
  if (x < nothingBelow) return 0;
  return normalDensity(x) * millsRatio(-x);
}

/** ln Phi(x): finite where Phi itself is no longer. */
export function normalLogCdf(x: number): number {
  if (x > -1) return Math.log1p(-normalCdf(-x));
  return -(x * x) / 2 - logRootTwoPi + Math.log(millsRatio(-x));
}

/**
 * Mills's ratio Phi(-x) / phi(x) for x >= 0. The integral of exp(-t^2) / (t^2 + x^2 / 2) by the
 * midpoint rule with steps of 1/2, whose error is exp(-4 pi^2) once the poles are accounted for
 * (Chiarella and Reichel, 1968). Every term is positive, so nothing cancels.
 */
export function millsRatio(x: number): number {
  const square = (x * x) / 2;
  let sum = 0;
  for (let n = 0; n < nodes.length; n++) sum += weights[n]! / (nodes[n]! + square);
  const line = (x * sum) / (2 * rootPi);
  if (x > polesMatterBelow) return line;
  // exp(x^2 / 2) stays far below the largest double here, so the plain product is safe.
  return line + (rootTwoPi * Math.exp(square)) / (1 + Math.exp(2 * Math.SQRT2 * Math.PI * x));
}

/** Half the smallest double is reached before. */
const nothingBelow = -39;
const rootPi = Math.sqrt(Math.PI);
/** t^2 and exp(-t^2) at the midpoints t = (n + 1/2) / 2. */
const nodes = Float64Array.from({ length: 14 }, (_, n) => ((n + 0.5) / 2) ** 2);
const weights = nodes.map((square) => Math.exp(-square));
const polesMatterBelow = 2 * Math.SQRT2 * Math.PI;

/** exp(-x^2 / 2): the square's rounding error, which far out would show, is made up for. */
function halfSquareExponential(x: number): number {
  const high = Math.fround(x);
  return Math.exp(-(high * high) / 2) * Math.exp(-((x - high) * (x + high)) / 2);
}
