import { adjacencyOf, type MechanismUse } from "../release.ts";
import { muSquared } from "./gaussian.ts";

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
