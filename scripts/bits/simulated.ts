import type { BitsRun } from "./runs.ts";

type Spec = BitsRun["spec"];

/** On a virtual clock: arrivals come at the same times again, whoever is first. */
export const simulated = (spec: Spec): BitsRun => ({ backend: "simulated", spec });
/** One that `npm test` runs too. */
export const quick = (spec: Spec): BitsRun => ({ backend: "simulated", quick: true, spec });

export const some = { rounds: 12, tolerance: 0 };
export const few = { rounds: 5, tolerance: 0 };
export const late = { model: "exponential", meanMs: 30 } as const;
