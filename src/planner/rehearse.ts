import type { ArrivalEvent, RunEvent } from "../ports/events.ts";
import { largestEigenvalue } from "../run/curvature.ts";
import { encodedKey } from "../run/keys.ts";
import { runLoop } from "../run/loop.ts";
import type { WorkerReply, WorkerTask } from "../run/messages.ts";
import { openTraining, planRun } from "../run/plan.ts";
import type { RunSpec } from "../run/spec.ts";
import { problemReady } from "../run/stage.ts";
import { settleRate } from "../run/usual-rate.ts";
import { createWorker } from "../run/worker.ts";
import type { Machine } from "./machine.ts";
import { objectiveOn } from "./objective.ts";
import type { Sample } from "./sample.ts";
import type { Spent } from "./timing.ts";

/** How training went on a sample of the rows, with the lateness and time of the whole. */
export interface Rehearsal {
  /** The sample's objective after so many rounds; 0 is before the first. */
  objectiveAt(rounds: number): number;
  /** When each round ended. */
  readonly endsMs: readonly number[];
  /** What had been used by then. */
  readonly spent: readonly Spent[];
  /** It stopped by itself, being where it wanted to be. */
  readonly isDone: boolean;
  /** Why it could not go on, where it could not. */
  readonly stuck: string | null;
}

export interface Rehearsing {
  readonly spec: RunSpec;
  readonly sample: Sample;
  readonly machine: Machine;
  /** Of one task over the whole data. */
  readonly workMs: number;
}

/** One possible future, and how much of it is of interest. */
export interface Future {
  readonly draw: number;
  readonly roundsMax: number;
  /** The objective to end at; to the end where absent. */
  readonly until?: number;
}

/**
 * Runs the spec's own strategy, on the loop that runs it later, over a sample of its rows: the
 * mathematics is that of the sample, the clock that of the whole data. Workers load their rows once
 * for all futures.
 */
export async function rehearsing(how: Rehearsing): Promise<(future: Future) => Promise<Rehearsal>> {
  const { sample, machine, workMs } = how;
  const { store, prepared } = sample;
  const spec = await settleRate(how.spec, prepared, store);
  const { method, encoding } = planRun(spec);
  const problem = await problemReady(spec.problem, store);
  const onProgress = () => undefined;
  const encoded = await method.stage({ spec, encoding, prepared, store, onProgress });
  const eigenvalue = method.needsCurvature(spec) ? await largestEigenvalue(store, prepared) : 0;
  const objective = await objectiveOn(sample, problem);
  const work = createWorker(store, () => 0, spec.workers);
  const request = { encoded: encodedKey(encoded.digest), problem: spec.problem };
  return async ({ draw, roundsMax, until }) => {
    const run = `rehearsal-${draw}`;
    const { clock, compute } = machine.open({
      perform: (task): Promise<WorkerReply> => work({ ...request, run, task }),
      workMs,
      lateness: machine.lateness,
      draw,
      isMixable: problem.mixable,
    });
    const strategy = openTraining(spec, { prepared, encoded }, eigenvalue);
    const weights = [strategy.progress(strategy.start()).weights];
    const known: number[] = [];
    const objectiveAt = (rounds: number) => (known[rounds] ??= objective(weights[rounds]!));
    const endsMs: number[] = [];
    const spent: Spent[] = [];
    const isEnough = () => until !== undefined && objectiveAt(endsMs.length) <= until;
    let now = nothingSpent;
    const end = await runLoop<object, WorkerTask, WorkerReply>(strategy, {
      compute,
      clock,
      tell(event: RunEvent) {
        if (event.type === "arrival") now = withUsage(now, event);
      },
      save(state, elapsedMs) {
        const progress = strategy.progress(state);
        if (progress.round <= endsMs.length) return;
        weights.push(progress.weights);
        endsMs.push(elapsedMs);
        spent.push({ ...now, ms: elapsedMs });
      },
      mayStop: () =>
        endsMs.length >= roundsMax || isEnough()
          ? { kind: "budget", reason: "enough was rehearsed" }
          : null,
    });
    await compute.close();
    const isDone = end.stop.kind === "done";
    const stuck = end.stop.kind === "unfinished" ? end.stop.reason : null;
    return { objectiveAt, endsMs, spent, isDone, stuck };
  };
}

const nothingSpent: Spent = {
  ms: 0,
  usd: 0,
  invocations: 0,
  coldStarts: 0,
  bytesDown: 0,
  bytesUp: 0,
};

function withUsage(spent: Spent, { usage }: ArrivalEvent): Spent {
  return {
    ms: spent.ms,
    usd: spent.usd + usage.costUsd,
    invocations: spent.invocations + 1,
    coldStarts: spent.coldStarts + (usage.coldStart ? 1 : 0),
    bytesDown: spent.bytesDown + usage.bytesDown,
    bytesUp: spent.bytesUp + usage.bytesUp,
  };
}
