import { RunError } from "../core/errors.ts";
import { gaussianEpsilon } from "./accountants/gaussian.ts";
import type { MechanismUse } from "./release.ts";

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
