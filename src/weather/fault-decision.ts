import { type Random, randomFrom } from "../core/random.ts";
import type { Moment } from "./latency.ts";
import type { Weather } from "./weather.ts";

/** What befalls one invocation. */
export interface FaultDecision {
  /** Passes in the environment before the function gets its event. */
  readonly delayMs: number;
  readonly fault: null | "crash-before" | "crash-after" | "hang";
  /** The event is run a second time, in another environment, and that reply is dropped. */
  readonly duplicate: boolean;
  /** A cold start takes at least this long. */
  readonly coldStartMs: number;
}

/** No weather. */
export const noFault: FaultDecision = { delayMs: 0, fault: null, duplicate: false, coldStartMs: 0 };

/** The fate of a task, whether its start is a cold one or not: then none is drawn for it. */
export type FaultModel = (moment: Omit<Moment, "own">, isCold?: boolean) => FaultDecision;

/**
 * The fates of tasks: a function of the weather, the task and the seed, whatever else was asked
 * and in whatever order. Independent draws hang on the task's name, lasting properties on the
 * slot, bursts on the round.
 */
export function faultModelOf(weather: Weather, seed: number | string): FaultModel {
  const root = randomFrom(seed).fork("weather");
  const tasks = root.fork("task");
  return ({ task, slot, round }, isCold = true) => {
    const own = tasks.fork(task);
    return {
      delayMs: Math.max(0, weather.latency.delayMs({ task, slot, round, own }, root)),
      fault: faultOf(weather, slot, own),
      duplicate: happens(own, "duplicate", weather.duplicates),
      coldStartMs: isCold ? coldStartMs(weather, own) : 0,
    };
  };
}

/** The fate of one task. */
export function faultDecisionOf(
  weather: Weather,
  moment: Moment,
  seed: number | string,
): FaultDecision {
  return faultModelOf(weather, seed)(moment);
}

function faultOf(weather: Weather, slot: number, own: Random): FaultDecision["fault"] {
  if (weather.deadSlots.includes(slot)) return "crash-before";
  if (happens(own, "failure", weather.failures))
    return happens(own, "before or after", 0.5) ? "crash-before" : "crash-after";
  return happens(own, "hang", weather.hangs) ? "hang" : null;
}

/** What never happens needs no draw: draws do not depend on one another. */
function happens(own: Random, what: string, probability: number): boolean {
  return probability > 0 && own.fork(what).uniform() < probability;
}

function coldStartMs(weather: Weather, own: Random): number {
  if (weather.coldStartMs === 0) return 0;
  return weather.coldStartMs * Math.exp(0.128 * own.fork("cold").normal());
}
