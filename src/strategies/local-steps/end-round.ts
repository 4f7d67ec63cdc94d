import type { Step } from "../../engine/strategy.ts";
import type { RoundEvent, RunEvent, TableTraffic } from "../../ports/events.ts";
import { penalty } from "../../problems/penalty.ts";
import { respondedSlots } from "../../quorum/quorum.ts";
import { isSettled, slopeLeft } from "../stop-rule.ts";
import { ratesOfTurn } from "./learning-rates.ts";
import { emptyEpoch, type LocalStepsPlan, type LocalStepsState, withTraffic } from "./state.ts";

export interface UpdateFacts {
  /** Of the mean gradient along the way, about. */
  readonly slope: number;
  /** Of the update. */
  readonly size: number;
  readonly tables: readonly TableTraffic[];
}

/** The mean gradient of a way is its length over what its steps come to, and over its part. */
export function slopeOf(
  plan: LocalStepsPlan,
  { version, quorum, known }: LocalStepsState,
  size: number,
) {
  const steps = ratesOfTurn(plan, version).reduce((sum, rate) => sum + rate, 0);
  if (known !== null) return size / steps;
  const part = respondedSlots(quorum).reduce((sum, slot) => sum + plan.parts[slot]!, 0);
  return part === 0 ? 0 : size / steps / part;
}

/** A round is over: told, and worth a checkpoint. */
export function endRound(
  plan: LocalStepsPlan,
  state: LocalStepsState,
  before: Float64Array,
  { slope, size, tables }: UpdateFacts,
  atMs: number,
  events: readonly RunEvent[],
): Step<LocalStepsState> {
  const { pass, round, version } = state;
  const objectiveEstimate = pass.loss / pass.part + penalty(plan.problem, before, plan.shape);
  const left = slopeLeft(plan.stop, slope, objectiveEstimate);
  const event: RoundEvent = {
    type: "round",
    startedMs: state.startedMs,
    atMs,
    round,
    counted: [...new Set(pass.slots)].sort((a, b) => a - b),
    objectiveEstimate,
    gradientNorm: size,
    slopeLeft: left,
    stepSize: ratesOfTurn(plan, version - 1).at(-1)!,
    staleness: pass.staleness,
    ...(plan.outer?.learned === undefined ? {} : { coefficients: plan.outer.learned(state.outer) }),
    ...pass.traffic,
    ...(tables.length === 0 ? {} : { tables }),
  };
  const isLast = round + 1 >= plan.roundsMax || isSettled(plan.stop, left);
  const next: LocalStepsState = {
    ...state,
    startedMs: atMs,
    round: round + 1,
    finished: isLast,
    pass: emptyEpoch,
    traffic: withTraffic(state.traffic, pass.traffic),
  };
  return { state: next, events: [...events, event], durable: true };
}
