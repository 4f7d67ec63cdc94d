import { RunError } from "../../core/errors.ts";
import { adjacencyOf, type MechanismUse } from "../release.ts";
import { gaussianEpsilon, muSquared } from "./gaussian.ts";

/** Epsilon with no delta at all: sums of sensitivity over scale. Null but for Laplace noise. */
export function pureEpsilon(releases: readonly MechanismUse[]): number | null {
  adjacencyOf(releases);
  let sum = 0;
  for (const release of releases) {
    if (release.mechanism !== "laplace") return null;
    sum += (release.times * release.sensitivity) / release.scale;
  }
  return sum;
}

/**
 * Zero-concentrated privacy (Bun and Steinke, 2016): rho = mu^2 / 2 of normal noise, epsilon^2 / 2
 * of pure epsilon, and they add up. Coarser than the exact curve, and known for more.
 */
export function zcdpRho(releases: readonly MechanismUse[]): number | null {
  adjacencyOf(releases);
  let rho = 0;
  for (const release of releases) {
    const square =
      release.mechanism === "laplace"
        ? release.times * (release.sensitivity / release.scale) ** 2
        : muSquared(release);
    if (square === null) return null;
    rho += square / 2;
  }
  return rho;
}

/** rho + 2 sqrt(rho ln(1 / delta)). */
export function zcdpEpsilon(releases: readonly MechanismUse[], delta: number): number | null {
  const rho = zcdpRho(releases);
  if (rho === null) return null;
  return rho === 0 ? 0 : rho + 2 * Math.sqrt(-rho * Math.log(delta));
}

/** The largest rho that keeps (epsilon, delta). */
export function rhoOf(epsilon: number, delta: number): number {
  const log = -Math.log(delta);
  // sqrt(log + epsilon) - sqrt(log), without its cancellation.
  return (epsilon / (Math.sqrt(log + epsilon) + Math.sqrt(log))) ** 2;
}

/** The epsilon of a node's messages together: normal noise exactly, Laplace's by addition. */
export function messageEpsilon(releases: readonly MechanismUse[], delta: number): number {
  if (releases.length === 0) return 0;
  const exact = gaussianEpsilon(releases, delta);
  if (exact !== null) return exact;
  let sum = 0;
  for (const release of releases) {
    if (release.mechanism !== "laplace")
      throw new RunError("mixed-noise", `releases: ${release.mechanism} beside other noise`, {
        hint: "one run has one kind of noise",
      });
    sum += (release.times * release.sensitivity) / release.scale;
  }
  return sum;
}
