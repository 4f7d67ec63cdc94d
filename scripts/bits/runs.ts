import type { RunInput } from "../../src/index.ts";
import { emulatedRuns } from "./emulated-runs.ts";
import { roundsRuns } from "./rounds-runs.ts";
import { strategyRuns } from "./strategy-runs.ts";

/** One run whose numbers are a promise. */
export interface BitsRun {
  readonly backend: "simulated" | "emulated" | "threads";
  /** `npm test` runs it too. */
  readonly quick?: true;
  readonly spec: RunInput;
}

/** By name; each name is also the run's own, which private noise and task times hang on. */
export const bitsRuns: Readonly<Record<string, BitsRun>> = {
  ...roundsRuns,
  ...strategyRuns,
  ...emulatedRuns,
};
