/** Whose fate is asked for: one invocation, by its task. */
export interface Moment {
  readonly task: string;
  readonly slot: number;
  readonly round: number;
}

/** What befalls one invocation. */
export interface Fate {
  /** Passes before the work begins. */
  readonly delayMs: number;
  readonly fault: null | "crash-before" | "crash-after" | "hang";
  readonly duplicate: boolean;
  /** What a new environment takes to start. */
  readonly coldStartMs: number;
}

/**
 * How the platform may behave, as a model or a record has it. A function of its arguments alone:
 * settings that are compared meet the same delays. `draw` names one of many possible futures;
 * what lasts, such as a slot that is always slow, is the same in all of them.
 */
export type Lateness = (moment: Moment, draw: number) => Fate;

/** The same lateness, with every fate drawn once: settings ask for the same ones again and again. */
export function remembered(lateness: Lateness): Lateness {
  const known = new Map<string, Fate>();
  return (moment, draw) => {
    const name = `${draw}/${moment.task}`;
    const before = known.get(name);
    if (before !== undefined) return before;
    const fate = lateness(moment, draw);
    known.set(name, fate);
    return fate;
  };
}
