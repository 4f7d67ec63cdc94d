import type { Prepared } from "../data/manifests.ts";
import { encodings } from "../encoding/registry.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { RoundEvent, RunEvent } from "../ports/events.ts";
import type { Convergence } from "../ports/model-figures.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { strategies } from "../strategies/registry.ts";
import { loadProblem } from "./ingest.ts";
import { readWeights } from "./model-weights.ts";
import type { SegmentEnd } from "./segment.ts";
import { stationarityAt } from "./stationarity.ts";

/** The tolerance that counts as converged where the spec only names a number of rounds. */
const toleranceUsual = 1e-6;

/** A model that may be further above the optimum than this part is not called converged. */
const gapUsual = 0.01;

/** Where there is no gap: a model so stationary is converged, one that is less than that is not. */
const stationary = { surely: 1e-4, atLeast: 0.1 };

/**
 * How near the optimum a run ended. Null before its end, and for private runs, whose budget decides
 * how many rounds they take.
 */
export async function convergenceAtEnd(
  { spec }: RunRecord,
  { prepared, end, history, store, objectiveFirst, gap }: Ended,
): Promise<Convergence | null> {
  const { stop, model, rounds } = end;
  if (stop.kind !== "done" || spec.privacy !== undefined) return null;
  // A model that no process holds is told by its gradient alone.
  const isInStages = strategies.create(spec.strategy).evaluation !== undefined;
  if (isInStages) return convergenceOf(spec, rounds, history);
  if (gap !== null) return byQuorum(convergenceOf(spec, rounds, history, { gap }), spec, history);
  const problem = await loadProblem(spec.problem, store);
  const readModel = () => readWeights(store, model);
  const found = await stationarityAt(store, prepared, problem, objectiveFirst, readModel);
  return convergenceOf(spec, rounds, history, found === null ? {} : { stationarity: found });
}

interface Ended {
  readonly prepared: Prepared;
  readonly end: Pick<SegmentEnd, "stop" | "model" | "rounds">;
  readonly history: readonly RunEvent[];
  readonly store: Store;
  /** Of the weights that training began with. */
  readonly objectiveFirst: number;
  /** The last model's, where it has one. */
  readonly gap: number | null;
}

/**
 * How near the optimum a finished run came, by what its last round left of the gradient, as its
 * stopping rule measures it, and by what its model says. Null where no round told that.
 */
export function convergenceOf(
  { optimizer, stop }: Pick<RunSpec, "optimizer" | "stop">,
  roundsDone: number,
  events: readonly RunEvent[],
  { gap, stationarity }: Pick<Convergence, "gap" | "stationarity"> = {},
): Convergence | null {
  const told = byGradient({ optimizer, stop }, roundsDone, events);
  if (told === null) return null;
  if (gap !== undefined) return byGap(told, gap, stop);
  return stationarity === undefined ? told : byStationarity(told, stationarity, stop);
}

function byGap(told: Convergence, gap: number, stop: RunSpec["stop"]): Convergence {
  const above = `the objective may be up to ${percent(gap)} above the optimum`;
  const { tolerance, gradient } = told;
  if (gap <= toleranceUsual) return { converged: true, gradient, tolerance, gap };
  if (gap <= gapUsual) return { ...told, gap };
  if (!told.converged) return { ...told, gap, reason: `${told.reason}: ${above}` };
  return {
    ...told,
    gap,
    converged: false,
    reason: `${above}, although little of the gradient is left`,
    remedy: `lower stop.tolerance (${stop.tolerance}), and raise stop.rounds where they end it`,
  };
}

function byStationarity(
  told: Convergence,
  stationarity: number,
  { tolerance: stated }: RunSpec["stop"],
): Convergence {
  const { tolerance, gradient } = told;
  if (stationarity <= stationary.surely)
    return { converged: true, gradient, tolerance, stationarity };
  const change = percent(stationarity / 100);
  const still = `weights that change by 1 % still change the objective by ${change} of its first`;
  if (!told.converged) return { ...told, stationarity, reason: `${told.reason}: ${still}` };
  if (stationarity <= stationary.atLeast) return { ...told, stationarity };
  return {
    ...told,
    stationarity,
    converged: false,
    reason: `${still}, although little of the gradient is left`,
    remedy: `lower stop.tolerance (${stated}), and raise stop.rounds where they end it`,
  };
}

/** Where quorums without a correction are why a run ended short of the optimum, it says that. */
function byQuorum(
  told: Convergence | null,
  { strategy, encoding: chosen, workers }: RunSpec,
  events: readonly RunEvent[],
): Convergence | null {
  const last = events.findLast((event): event is RoundEvent => event.type === "round");
  if (told?.gap === undefined || told.converged || last === undefined) return told;
  const count = last.counted.length;
  if (strategy.type !== "rounds" || strategy.exact === true) return told;
  if (count === 0 || count >= workers) return told;
  const encoding = encodings.create(chosen);
  // A code that waits until it can decode has no error.
  if (encoding.weights([0], new Array<number>(workers).fill(1), workers) === null) return told;
  const about = percent(told.gap);
  const near =
    told.gap > gapUsual
      ? `the objective may be up to ${about} above the optimum`
      : `within about ${about} of the optimum`;
  const exact =
    "set strategy: { type: rounds, exact: true }, which ends at the optimum, or wait: all";
  return {
    ...told,
    reason: `${count} of ${workers} replies a round: ${near}`,
    remedy: encoding.tight ? exact : "set wait: all, or choose encoding: hadamard",
  };
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

function byGradient(
  { optimizer, stop }: Pick<RunSpec, "optimizer" | "stop">,
  roundsDone: number,
  events: readonly RunEvent[],
): Convergence | null {
  const rounds = events.filter((event): event is RoundEvent => event.type === "round");
  const last = rounds.at(-1);
  if (last?.slopeLeft === undefined) return null;
  const gradient = last.slopeLeft;
  const { tolerance, rounds: roundsMax } = stop;
  const isEarly = roundsDone < roundsMax;
  const isSmall = gradient <= (tolerance === 0 ? toleranceUsual : tolerance);
  if (isSmall || (isEarly && last.stood === undefined))
    return { converged: true, gradient, tolerance };
  const outcome = { converged: false, gradient, tolerance };
  if (isEarly)
    return {
      ...outcome,
      reason: `${last.stood}, although the gradient is not zero: float32 tells no more`,
      remedy: "scale the features (data.standardize: true), or take it as it is",
    };
  return {
    ...outcome,
    reason: `stop.rounds: ${roundsMax} rounds were not enough`,
    remedy: `raise stop.rounds, or choose another optimizer than ${optimizer.type}`,
  };
}
