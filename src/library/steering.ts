import type { RoundEvent, RunEvent } from "../ports/events.ts";
import type { SpecChoices } from "../spec/choices/spec.ts";
import type { Override } from "../spec/overrides.ts";

/** What a program may do after a round: nothing, end the run, or change how it goes on. */
export type RoundAction =
  | "stop"
  | {
      /** Whom later rounds wait for. */
      readonly wait?: Exclude<SpecChoices["wait"], "auto" | undefined>;
      /** Of an optimizer that has one. */
      readonly learningRate?: number;
    }
  | undefined;

/** Called after every round; what it answers is done before the next but one, at the latest. */
// biome-ignore lint/suspicious/noConfusingVoidType: a callback that answers nothing is one too
export type OnRound = (round: RoundEvent) => RoundAction | void;

/** Listens to a segment of a run, and ends it where the program wants something else. */
export interface Steering {
  readonly signal: AbortSignal;
  listen(event: RunEvent): void;
  /** What the program asked for, once. */
  action(): RoundAction;
}

export function steering(onRound: OnRound | undefined, signal: AbortSignal | undefined): Steering {
  const controller = new AbortController();
  let wanted: RoundAction;
  return {
    signal: signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]),
    listen(event) {
      if (event.type !== "round" || onRound === undefined || wanted !== undefined) return;
      wanted = onRound(event) || undefined;
      if (wanted !== undefined) controller.abort();
    },
    action: () => wanted,
  };
}

/** A change as settings of the run's spec. */
export function overridesOf(action: Exclude<RoundAction, "stop" | undefined>): Override[] {
  const { wait, learningRate } = action;
  return [
    ...(wait === undefined ? [] : [{ path: ["wait"], value: wait }]),
    ...(learningRate === undefined
      ? []
      : [{ path: ["optimizer", "learningRate"], value: learningRate }]),
  ];
}
