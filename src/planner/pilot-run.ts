import { runLoop } from "../engine/loop.ts";
import type { ArrivalEvent, RunEvent } from "../ports/events.ts";
import { knownCurvature } from "../run/curvature.ts";
import { loadProblem } from "../run/ingest.ts";
import { wholeWeights } from "../run/model-weights.ts";
import { openTraining, resolveMembers } from "../run/resolve-members.ts";
import { settleRate } from "../run/usual-rate.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { encodedKey } from "../store-layout.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import { createWorker } from "../worker/worker.ts";
import type { Machine } from "./machine.ts";
import { objectiveOn } from "./objective.ts";
import type { RunUsage } from "./round-simulation.ts";
import type { Sample } from "./sample.ts";

/** How training went on a sample of the rows, with the lateness and time of the whole. */
export interface PilotRun {
  /** The sample's objective after so many rounds; 0 is before the first. */
  objectiveAt(rounds: number): number;
  /** When each round ended. */
  readonly endsMs: readonly number[];
  /** What had been used by then. */
  readonly spent: readonly RunUsage[];
  /** It stopped by itself, being where it wanted to be. */
  readonly isDone: boolean;
  /** Why it could not go on, where it could not. */
  readonly stallReason: string | null;
}

export interface PilotRunOptions {
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
export async function pilotRuns(
  how: PilotRunOptions,
): Promise<(future: Future) => Promise<PilotRun>> {
  const { sample, machine, workMs } = how;
  const { store, prepared } = sample;
  const spec = await settleRate(how.spec, prepared, store);
  const { method, encoding } = resolveMembers(spec);
  const problem = await loadProblem(spec.problem, store);
  const onProgress = () => undefined;
  const encoded = await method.stage({ spec, encoding, prepared, store, onProgress });
  const curvature = await knownCurvature(store, spec, prepared);
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
      isMixable: problem.isQuadratic,
    });
    const strategy = openTraining(spec, { prepared, encoded }, curvature);
    const weights = [wholeWeights(strategy.progress(strategy.start()).model)];
    const known: number[] = [];
    const objectiveAt = (rounds: number) => (known[rounds] ??= objective(weights[rounds]!));
    const endsMs: number[] = [];
    const spent: RunUsage[] = [];
    const isEnough = () => until !== undefined && objectiveAt(endsMs.length) <= until;
    let now = nothingSpent;
    const end = await runLoop<object, WorkerTask, WorkerReply>(strategy, {
      compute,
      clock,
      emit(event: RunEvent) {
        if (event.type === "arrival") now = withUsage(now, event);
      },
      save(state, elapsedMs) {
        const progress = strategy.progress(state);
        if (progress.round <= endsMs.length) return;
        weights.push(wholeWeights(progress.model));
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
    const stallReason = end.stop.kind === "unfinished" ? end.stop.reason : null;
    return { objectiveAt, endsMs, spent, isDone, stallReason };
  };
}

const nothingSpent: RunUsage = {
  ms: 0,
  usd: 0,
  invocations: 0,
  coldStarts: 0,
  bytesDown: 0,
  bytesUp: 0,
};

function withUsage(spent: RunUsage, { usage }: ArrivalEvent): RunUsage {
  return {
    ms: spent.ms,
    usd: spent.usd + usage.costUsd,
    invocations: spent.invocations + 1,
    coldStarts: spent.coldStarts + (usage.coldStart ? 1 : 0),
    bytesDown: spent.bytesDown + usage.bytesDown,
    bytesUp: spent.bytesUp + usage.bytesUp,
  };
}
