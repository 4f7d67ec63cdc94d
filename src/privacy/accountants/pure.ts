import { adjacencyOf, type MechanismUse } from "../release.ts";

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
