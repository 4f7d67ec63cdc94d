import type { PilotRun } from "./pilot-run.ts";

/** The objective that a setting must come down to, and how good that is. */
export interface Target {
  /** Where waiting for all unencoded slots ends. */
  readonly reference: number;
  readonly objective: number;
  /** Rounds that waiting for all takes to reach it. */
  readonly rounds: number;
}

/** Within this part of the objective that waiting for everybody ends at. */
export const toleranceRelative = 0.01;
/** Where that objective is next to nothing, as a part of the way to it. */
const toleranceOfWay = 1e-4;

export function targetOf(reference: PilotRun): Target {
  const first = reference.objectiveAt(0);
  const last = reference.objectiveAt(reference.endsMs.length);
  const way = Math.max(0, first - last);
  const slack = Math.max(toleranceRelative * Math.abs(last), toleranceOfWay * way);
  const objective = last + slack;
  return { reference: last, objective, rounds: roundsTo(reference, objective)! };
}

/**
 * The round after which the objective is at the target, by bisection: it falls but for small
 * steps back. Null where the last one is not there.
 */
export function roundsTo(rehearsal: PilotRun, objective: number): number | null {
  const isThere = (rounds: number) => rehearsal.objectiveAt(rounds) <= objective;
  let there = rehearsal.endsMs.length;
  if (!isThere(there)) return null;
  for (let before = -1; there - before > 1; ) {
    const middle = (before + there) >> 1;
    if (isThere(middle)) there = middle;
    else before = middle;
  }
  return there;
}

/** How far above the reference it ends, in units of the tolerance: up to 1 is good enough. */
export function missOf(rehearsal: PilotRun, target: Target): number {
  const { reference, objective } = target;
  const end = rehearsal.objectiveAt(rehearsal.endsMs.length);
  return Number.isFinite(end) ? (end - reference) / (objective - reference) : Infinity;
}
