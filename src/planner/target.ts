import type { Rehearsal } from "./rehearse.ts";

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

export function targetOf(objectives: readonly number[]): Target {
  const reference = objectives.at(-1)!;
  const way = Math.max(0, objectives[0]! - reference);
  const slack = Math.max(toleranceRelative * Math.abs(reference), toleranceOfWay * way);
  const objective = reference + slack;
  return { reference, objective, rounds: roundsTo(objectives, objective)! };
}

/** The round after which the objective stays at the target; null where it does not. */
export function roundsTo(objectives: readonly number[], objective: number): number | null {
  const missed = objectives.findLastIndex((value) => !(value <= objective));
  return missed === objectives.length - 1 ? null : missed + 1;
}

/** How far above the reference it ends, in units of the tolerance: up to 1 is good enough. */
export function missOf({ objectives }: Rehearsal, { reference, objective }: Target): number {
  const end = objectives.at(-1)!;
  return Number.isFinite(end) ? (end - reference) / (objective - reference) : Infinity;
}
