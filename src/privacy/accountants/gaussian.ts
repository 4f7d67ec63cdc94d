import { millsRatio, normalCdf, normalDensity } from "../../math/normal.ts";
import { adjacencyOf, type MechanismUse } from "../release.ts";
import { largestBelow, smallestAbove } from "./bisect.ts";

/**
 * Exact accounting of normal noise. Releases with noise of their own compose to one: telling
 * neighbours apart is telling N(0, 1) from N(mu, 1), where mu^2 is the sum of (sensitivity /
 * sigma)^2, also where each release heeds those before (Dong, Roth and Su, 2022).
 */

/** The mu of a list of releases; null where one of them is not normal noise alone. */
export function gaussianMu(releases: readonly MechanismUse[]): number | null {
  adjacencyOf(releases);
  let square = 0;
  // Largest last would do as well; the order must not show, so equal terms are summed as counted.
  const terms: number[] = [];
  for (const release of releases) {
    const one = muSquared(release);
    if (one === null) return null;
    terms.push(one);
  }
  for (const term of terms.sort((a, b) => a - b)) square += term;
  return Math.sqrt(square);
}

/** mu^2 of one release, or null. */
export function muSquared(release: MechanismUse): number | null {
  if (release.mechanism === "gaussian")
    return release.times * (release.sensitivity / release.sigma) ** 2;
  if (release.mechanism === "dp-sgd" && release.rate === 1) {
    const sensitivity = release.adjacency === "replace-one" ? 2 : 1;
    return release.steps * (sensitivity / release.noise) ** 2;
  }
  return null;
}

/**
 * delta(epsilon) = Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu) (Balle and Wang,
 * 2018). As e^epsilon phi(b) = phi(a), both terms share a density and nothing overflows.
 */
export function deltaOfMu(mu: number, epsilon: number): number {
  if (mu === 0) return 0;
  if (mu === Number.POSITIVE_INFINITY) return 1;
  const a = mu / 2 - epsilon / mu;
  const b = -mu / 2 - epsilon / mu;
  if (a <= 0) return normalDensity(a) * (millsRatio(-a) - millsRatio(-b));
  if (b >= 0) return normalCdf(a) - Math.exp(epsilon) * normalCdf(b);
  return Math.max(0, normalCdf(a) - normalDensity(a) * millsRatio(-b));
}

/** The smallest epsilon >= 0 that holds with `delta`, never below the truth by rounding. */
export function epsilonOfMu(mu: number, delta: number): number {
  if (mu === 0 || deltaOfMu(mu, 0) <= delta) return 0;
  if (!(delta > 0)) return Number.POSITIVE_INFINITY;
  return smallestAbove(0, mu, (epsilon) => deltaOfMu(mu, epsilon) <= delta);
}

/** The largest mu that keeps (epsilon, delta): noise is sensitivity over it, per mu squared. */
export function muOf(epsilon: number, delta: number): number {
  if (!(delta > 0)) return 0;
  return largestBelow(0, 1, (mu) => deltaOfMu(mu, epsilon) <= delta);
}

/** What `deltaOfMu` inverts: the releases' epsilon at `delta`; null where they are not normal. */
export function gaussianEpsilon(releases: readonly MechanismUse[], delta: number): number | null {
  const mu = gaussianMu(releases);
  return mu === null ? null : epsilonOfMu(mu, delta);
}

/** The releases' delta at `epsilon`; null where they are not normal. */
export function gaussianDelta(releases: readonly MechanismUse[], epsilon: number): number | null {
  const mu = gaussianMu(releases);
  return mu === null ? null : deltaOfMu(mu, epsilon);
}
