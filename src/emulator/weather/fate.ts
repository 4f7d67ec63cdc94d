import { randomFrom } from "../../core/random.ts";
import type { Moment } from "./latency.ts";
import type { Weather } from "./weather.ts";

/** What befalls one invocation. */
export interface Fate {
  /** Passes in the environment before the function gets its event. */
  readonly delayMs: number;
  readonly fault: null | "crash-before" | "crash-after" | "hang";
  /** The event is run a second time, in another environment, and that reply is dropped. */
  readonly duplicate: boolean;
  /** A cold start takes at least this long. */
  readonly coldStartMs: number;
}

/** No weather. */
export const fair: Fate = { delayMs: 0, fault: null, duplicate: false, coldStartMs: 0 };

/**
 * The fate of a task: a function of the weather, the task and the seed, whatever else was asked
 * and in whatever order. Independent draws hang on the task's name, lasting properties on the
 * slot, bursts on the round.
 */
export function fateOf(weather: Weather, moment: Moment, seed: number | string): Fate {
  const root = randomFrom(seed).fork("weather");
  const task = root.fork(`task/${moment.task}`);
  const draw = (label: string) => task.fork(label).uniform();
  return {
    delayMs: Math.max(0, weather.latency.delayMs(moment, root)),
    fault: faultOf(weather, moment.slot, draw),
    duplicate: draw("duplicate") < weather.duplicates,
    coldStartMs:
      weather.coldStartMs === 0
        ? 0
        : weather.coldStartMs * Math.exp(0.128 * task.fork("cold").normal()),
  };
}

function faultOf(weather: Weather, slot: number, draw: (label: string) => number): Fate["fault"] {
  if (weather.deadSlots.includes(slot)) return "crash-before";
  if (draw("failure") < weather.failures)
    return draw("before or after") < 0.5 ? "crash-before" : "crash-after";
  return draw("hang") < weather.hangs ? "hang" : null;
}
