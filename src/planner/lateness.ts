import { taskNameOf } from "../ports/task-names.ts";
import type { FaultDecision } from "../weather/fault-decision.ts";

/** Whose fate is asked for: one invocation, by its task. */
export interface InvocationMoment {
  readonly task: string;
  readonly slot: number;
  readonly round: number;
}

/**
 * How the platform may behave, as a model or a record has it. A function of its arguments alone:
 * settings that are compared meet the same delays. `draw` names one of many possible futures;
 * what lasts, such as a slot that is always slow, is the same in all of them.
 */
export type Lateness = (moment: InvocationMoment, draw: number, isCold: boolean) => FaultDecision;

/** Everybody's fates in one phase of a round, in one future. */
export type LatenessModel = (draw: number, round: number, phase: PhaseName) => FateOfTry;

type FateOfTry = (slot: number, attempt: number, isCold: boolean) => FaultDecision;

/** What a round asks all slots for, as its tasks are named. */
export type PhaseName = "gradient" | "along";

/** Fates by round and slot; those of warm starts are drawn once, as all settings ask for them. */
export function latenessModelOf(lateness: Lateness): LatenessModel {
  const known = new Map<string, FaultDecision[]>();
  return (draw, round, phase) => {
    const place = `${draw}/${round}/${phase}`;
    const first = known.get(place) ?? [];
    if (first.length === 0) known.set(place, first);
    return (slot, attempt, isCold) => {
      const before = attempt === 0 && !isCold ? first[slot] : undefined;
      if (before !== undefined) return before;
      const task = taskName(round, phase, slot, attempt);
      const fate = lateness({ task, slot, round }, draw, isCold);
      if (attempt === 0 && !isCold) first[slot] = fate;
      return fate;
    };
  };
}

/** As a round names the tasks of its slots. */
export function taskName(round: number, phase: PhaseName, slot: number, attempt: number): string {
  return `round-${round}/${phase}/${taskNameOf({ slot, attempt, copy: 0 })}`;
}
