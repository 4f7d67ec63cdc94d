import { randomFrom } from "../../core/random.ts";
import { type FaultDecision, faultDecisionOf, noFault } from "../../weather/fault-decision.ts";
import type { Weather } from "../../weather/weather.ts";
import { throttled } from "./failures.ts";

/** The weather over the functions that have tenants. */
export interface FunctionFaults {
  /** Throws `LambdaError` for a call that is refused. */
  of(clientContext: string | undefined, tenant: string | undefined): FaultDecision;
  /** For invocations that begin from now on; undefined for none. */
  setWeather(weather: Weather | undefined): void;
}

/**
 * A call's fate depends on the task that its client context names (`custom: { task, slot, round }`)
 * or, where it names none, on its tenant and how many calls that had before. `limitMs` beside these
 * says how long the worker goes on with it.
 */
export function openFunctionFaults(
  first: Weather | undefined,
  seed: number | string,
  faults: LambdaFaults = {},
): FunctionFaults {
  let weather = first;
  const refuse = refusals({ seed, ...faults });
  const calls = new Map<string | undefined, number>();
  const momentOf = (custom: Custom | undefined, tenant: string | undefined) => {
    if (typeof custom?.task === "string")
      return { task: custom.task, slot: integer(custom.slot), round: integer(custom.round) };
    const call = calls.get(tenant) ?? 0;
    calls.set(tenant, call + 1);
    return { task: `${tenant}/${call}`, slot: integer(tenant), round: call };
  };
  return {
    of(clientContext, tenant) {
      const { custom } = JSON.parse(clientContext ?? "{}") as { custom?: Custom };
      const moment = momentOf(custom, tenant);
      refuse(moment);
      const fate = weather === undefined ? noFault : faultDecisionOf(weather, moment, seed);
      return typeof custom?.limitMs === "number" ? withinLimit(fate, custom.limitMs) : fate;
    },
    setWeather(next) {
      weather = next;
    },
  };
}

type Custom = Record<string, unknown>;

/**
 * Delays stand for what a slow environment makes of a task. A worker that keeps a limit of time
 * ends itself there, however slow it is or where it hangs.
 */
function withinLimit(fate: FaultDecision, limitMs: number): FaultDecision {
  if (fate.fault !== "hang" && fate.delayMs < limitMs) return fate;
  return { ...fate, delayMs: limitMs, fault: "crash-before" };
}

function integer(value: unknown): number {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : 0;
}

/** How the local Lambda refuses calls of functions with tenants; absent means never. */
export interface LambdaFaults {
  readonly seed?: number | string;
  /** The share of rounds in which every slot is throttled. */
  readonly throttledRounds?: number;
  /** How often each slot is refused in such a round; once where absent. */
  readonly refusals?: number;
  /** Sent as Retry-After with every such refusal. */
  readonly retryAfterSeconds?: number;
}

/** Throws `LambdaError` 429 for a call that its round's burst of throttling meets. */
export function refusals(
  faults: LambdaFaults,
): (call: { readonly round: number; readonly slot: number }) => void {
  const random = randomFrom(faults.seed ?? 0).fork("throttling");
  const refused = new Map<string, number>();
  return ({ round, slot }) => {
    if (random.fork(`round/${round}`).uniform() >= (faults.throttledRounds ?? 0)) return;
    const name = `${round}/${slot}`;
    const count = refused.get(name) ?? 0;
    if (count >= (faults.refusals ?? 1)) return;
    refused.set(name, count + 1);
    throw throttled("ConcurrentInvocationLimitExceeded", undefined, faults.retryAfterSeconds);
  };
}
