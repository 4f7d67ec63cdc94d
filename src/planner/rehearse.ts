import type { ArrivalEvent, RunEvent } from "../ports/events.ts";
import { largestEigenvalue } from "../run/curvature.ts";
import { evaluate } from "../run/evaluate.ts";
import { encodedKey } from "../run/keys.ts";
import { runLoop } from "../run/loop.ts";
import type { WorkerReply } from "../run/messages.ts";
import { openTraining, planRun } from "../run/plan.ts";
import type { RunSpec } from "../run/spec.ts";
import { createWorker } from "../run/worker.ts";
import type { Machine } from "./machine.ts";
import type { Sample } from "./sample.ts";
import type { Spent } from "./timing.ts";

/** How training went on a sample of the rows, with the lateness and time of the whole. */
export interface Rehearsal {
  /** The sample's objective after so many rounds; 0 is before the first. */
  objectiveAt(rounds: number): Promise<number>;
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
  readonly draw: number;
  readonly roundsMax: number;
}

/**
 * Runs the spec's own strategy, on the loop that runs it later, over a sample of its rows: the
 * mathematics is that of the sample, the clock that of the whole data.
 */
export async function rehearse(how: Rehearsing): Promise<Rehearsal> {
  const { spec, sample, machine, draw, workMs, roundsMax } = how;
  const { store, prepared } = sample;
  const { method, encoding, problem } = planRun(spec);
  const onProgress = () => undefined;
  const encoded = await method.stage({ spec, encoding, prepared, store, onProgress });
  const eigenvalue = method.needsCurvature(spec) ? await largestEigenvalue(store, prepared) : 0;
  const strategy = openTraining(spec, { prepared, encoded }, eigenvalue);
  const work = createWorker(store, () => 0, spec.workers);
  const request = { run: "rehearsal", encoded: encodedKey(encoded.digest), problem: spec.problem };
  const { clock, compute } = machine.open({
    perform: (task): Promise<WorkerReply> => work({ ...request, task }),
    workMs,
    lateness: machine.lateness,
    draw,
    isMixable: problem.mixable,
  });
  const weights = [strategy.progress(strategy.start()).weights];
  const endsMs: number[] = [];
  const spent: Spent[] = [];
  let now: Spent = { ms: 0, usd: 0, invocations: 0, coldStarts: 0, bytesDown: 0, bytesUp: 0 };
  const end = await runLoop<object, Parameters<typeof work>[0]["task"], WorkerReply>(strategy, {
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
      endsMs.length >= roundsMax ? { kind: "budget", reason: "enough was rehearsed" } : null,
  });
  await compute.close();
  const known = new Map<number, number>();
  return {
    async objectiveAt(rounds) {
      const before = known.get(rounds);
      if (before !== undefined) return before;
      const [found] = await evaluate(store, prepared, problem, [weights[rounds]!]);
      known.set(rounds, found!.objective);
      return found!.objective;
    },
    endsMs,
    spent,
    isDone: end.stop.kind === "done",
    stuck: end.stop.kind === "unfinished" ? end.stop.reason : null,
  };
}

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
