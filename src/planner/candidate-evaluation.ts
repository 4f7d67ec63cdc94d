import type { AutoKey, RunSpec } from "../spec/run-spec.ts";
import { type Candidate, type Goal, withTrials } from "./candidate.ts";
import {
  type Configuration,
  canWork,
  isPlain,
  plainConfiguration,
  specWith,
} from "./configuration.ts";
import type { LatenessModel } from "./lateness.ts";
import type { Machine } from "./machine.ts";
import { type Future, type PilotRun, pilotRuns } from "./pilot-run.ts";
import type { Sample } from "./sample.ts";
import { missOf, roundsTo, type Target, targetOf } from "./target.ts";
import { pilotTimeModel, type TimeModel, timeModelOf } from "./time-model.ts";
import { type DataShape, forecastEntriesPerSlot, isTimed } from "./workload.ts";

/** What is to be chosen, over which rows, and where it is to run. */
export interface PlannerChoice {
  readonly spec: RunSpec;
  readonly auto: readonly AutoKey[];
  readonly goal: Goal;
  readonly sample: Sample;
  readonly data: DataShape;
  readonly machine: Machine;
}

export type PlanningJob = PlannerChoice & { readonly machine: { readonly fates: LatenessModel } };

export interface ReferenceRun {
  readonly target: Target;
  readonly roundsToStop: number;
}

const roundsRehearsedMax = 300;
/** Rehearsals of a setting that go on to its end. */
const rehearsedWhole = 2;
const roundsTimedMin = 8;

/** Where waiting for all unencoded slots ends: erasures have no part in it, nor has the number. */
export async function referenceOf(job: PlanningJob): Promise<ReferenceRun> {
  const calm: PlanningJob["machine"] = {
    ...job.machine,
    lateness: () => ({ delayMs: 0, fault: null, duplicate: false, coldStartMs: 0 }),
  };
  const rehearse = await pilotRunsOf({ ...job, machine: calm }, plainOf(job.spec));
  const done = await rehearse({ draw: 0, roundsMax: roundsRehearsedMax });
  return { target: targetOf(done), roundsToStop: stopOf(job.spec, done) };
}

/** Not encoding and waiting for all, or the spec's own setting where its strategy refuses that. */
export function plainOf(spec: RunSpec): Configuration {
  const plain = plainConfiguration(spec.workers);
  const { workers, encoding, wait } = spec;
  return canWork(specWith(spec, plain)) ? plain : { workers, encoding, wait };
}

/** A setting on the clock, as if it took the reference's rounds. */
export async function evaluateByClock(
  job: PlanningJob,
  setting: Configuration,
  from: ReferenceRun,
): Promise<Candidate> {
  const { rounds } = from.target;
  const clocking = await clockOf(job, setting, from.target, "compared");
  return {
    setting,
    clock: clocking,
    toTarget: clocking.at(rounds),
    tried: [],
    rounds: isPlain(setting) ? rounds : null,
    roundsToStop: from.roundsToStop,
    verdict: { kind: "open" },
  };
}

/** The same in more futures, for one that has a chance. */
export async function evaluateByMoreFutures(
  job: PlanningJob,
  one: Candidate,
  to: Target,
): Promise<Candidate> {
  if (!isTimed(specWith(job.spec, one.setting))) return one;
  const closer = await clockOf(job, one.setting, to, "close");
  return { ...one, clock: closer, toTarget: closer.at(to.rounds) };
}

/**
 * A setting with so many rehearsals, those it had included; or what is wrong with it. The first
 * ones go on to the end, as it must stay where it came to; the others only until it is there.
 */
export async function evaluateByPilot(
  job: PlanningJob,
  one: Candidate,
  target: Target,
  count: number,
): Promise<Candidate> {
  const tried = [...one.tried];
  let { roundsToStop } = one;
  const rehearse = await pilotRunsOf(job, one.setting);
  for (let draw = tried.length; draw < count; draw++) {
    const isWhole = draw < rehearsedWhole;
    const until = isWhole ? {} : { until: target.objective };
    const done = await rehearse({ draw, roundsMax: roundsRehearsedMax, ...until });
    if (isWhole) roundsToStop = Math.max(draw === 0 ? 0 : roundsToStop, stopOf(job.spec, done));
    const reached = roundsTo(done, target.objective);
    const failed = { ...one, tried: [], rounds: null, roundsToStop };
    if (done.stallReason !== null)
      return { ...failed, verdict: { kind: "stuck", reason: done.stallReason } };
    if (reached === null)
      return { ...failed, verdict: { kind: "misses", miss: missOf(done, target) } };
    tried.push(reached);
  }
  return withTrials({ ...one, roundsToStop }, tried);
}

async function clockOf(
  job: PlanningJob,
  setting: Configuration,
  { rounds }: Target,
  use: "compared" | "close",
): Promise<TimeModel> {
  const spec = specWith(job.spec, setting);
  // Who takes longer goes on as these rounds do.
  const timed = Math.min(Math.max(1, job.spec.stop.rounds), Math.max(roundsTimedMin, 2 * rounds));
  if (isTimed(spec)) return timeModelOf(spec, job.data, job.machine, timed, use);
  const rehearse = await pilotRunsOf(job, setting);
  const whole = (draw: number) => rehearse({ draw, roundsMax: roundsRehearsedMax });
  return pilotTimeModel([await whole(0), await whole(1)]);
}

function pilotRunsOf(
  job: PlanningJob,
  setting: Configuration,
): Promise<(future: Future) => Promise<PilotRun>> {
  const { sample, machine, data } = job;
  const spec = specWith(job.spec, setting);
  return pilotRuns({
    spec,
    sample,
    machine,
    workMs: machine.workMs(forecastEntriesPerSlot(spec, data)),
  });
}

function stopOf({ stop }: RunSpec, { isDone, endsMs }: PilotRun): number {
  return isDone ? endsMs.length : stop.rounds;
}
