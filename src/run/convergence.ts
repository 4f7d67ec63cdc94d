import type { Prepared } from "../data/manifests.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { Convergence, RoundEvent, RunEvent } from "../ports/events.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { strategies } from "../strategies/registry.ts";
import { relativeDualityGap } from "./duality-gap.ts";
import { loadProblem } from "./ingest.ts";
import { readWeights } from "./model-weights.ts";
import type { SegmentEnd } from "./segment.ts";

/** The tolerance that counts as converged where the spec only names a number of rounds. */
const toleranceUsual = 1e-6;

/** A model that may be further above the optimum than this part is not called converged. */
const gapUsual = 0.01;

/**
 * How near the optimum a run ended. Null before its end, and for private runs, whose budget decides
 * how many rounds they take.
 */
export async function convergenceAtEnd(
  { spec }: RunRecord,
  { prepared, end, history, store }: Ended,
): Promise<Convergence | null> {
  const { stop, model, rounds } = end;
  if (stop.kind !== "done" || spec.privacy !== undefined) return null;
  // A model that no process holds is told by its gradient alone.
  const isInStages = strategies.create(spec.strategy).evaluation !== undefined;
  if (isInStages) return convergenceOf(spec, rounds, history);
  const problem = await loadProblem(spec.problem, store);
  const gap = await relativeDualityGap(store, prepared, problem, () => readWeights(store, model));
  return convergenceOf(spec, rounds, history, gap);
}

interface Ended {
  readonly prepared: Prepared;
  readonly end: Pick<SegmentEnd, "stop" | "model" | "rounds">;
  readonly history: readonly RunEvent[];
  readonly store: Store;
}

/**
 * How near the optimum a finished run came, by the gradient norms of its first and last round, as
 * its stopping rule measures it. Null where no round reported one.
 */
export function convergenceOf(
  { optimizer, stop }: Pick<RunSpec, "optimizer" | "stop">,
  roundsDone: number,
  events: readonly RunEvent[],
  gap: number | null = null,
): Convergence | null {
  const told = byGradient({ optimizer, stop }, roundsDone, events);
  if (told === null || gap === null) return told;
  const above = `the objective may be up to ${percent(gap)} above the optimum`;
  const { tolerance, gradient } = told;
  // Whatever the gradient began with, the model is where it should be.
  if (gap <= toleranceUsual) return { converged: true, gradient, tolerance, gap };
  if (gap <= gapUsual) return { ...told, gap };
  if (!told.converged) return { ...told, gap, reason: `${told.reason}: ${above}` };
  return {
    ...told,
    gap,
    converged: false,
    reason: `${above}, although the gradient is small beside the first one`,
    remedy: `lower stop.tolerance (${stop.tolerance}), and raise stop.rounds where they end it`,
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
  const [first, last] = [rounds[0], rounds.at(-1)];
  if (first === undefined || last === undefined) return null;
  const gradient = first.gradientNorm === 0 ? 0 : last.gradientNorm / first.gradientNorm;
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
