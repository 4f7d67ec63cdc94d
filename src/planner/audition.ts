import type { AutoKey, RunSpec } from "../run/spec.ts";
import { clock, rehearsedClock } from "./clocking.ts";
import { type Considered, type Goal, withTrials } from "./considered.ts";
import type { Fates } from "./lateness.ts";
import type { Machine } from "./machine.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";
import type { Sample } from "./sample.ts";
import { canWork, isPlain, plainSetting, type Setting, specWith } from "./setting.ts";
import { missOf, roundsTo, type Target, targetOf } from "./target.ts";
import { type DataShape, entriesPerSlot, isTimed } from "./workload.ts";

/** What is to be chosen, over which rows, and where it is to run. */
export interface Choosing {
  readonly spec: RunSpec;
  readonly auto: readonly AutoKey[];
  readonly goal: Goal;
  readonly sample: Sample;
  readonly data: DataShape;
  readonly machine: Machine;
}

export type Job = Choosing & { readonly machine: { readonly fates: Fates } };

export interface Reference {
  readonly target: Target;
  readonly roundsToStop: number;
}

const roundsRehearsedMax = 300;

/** Where waiting for all unencoded slots ends: erasures have no part in it, nor has the number. */
export async function referenceOf(job: Job): Promise<Reference> {
  const calm: Job["machine"] = {
    ...job.machine,
    lateness: () => ({ delayMs: 0, fault: null, duplicate: false, coldStartMs: 0 }),
  };
  const done = await rehearsal({ ...job, machine: calm }, plainOf(job.spec), 0);
  return { target: await targetOf(done), roundsToStop: stopOf(job.spec, done) };
}

/** Not encoding and waiting for all, or the spec's own setting where its strategy refuses that. */
export function plainOf(spec: RunSpec): Setting {
  const plain = plainSetting(spec.workers);
  const { workers, encoding, wait } = spec;
  return canWork(specWith(spec, plain)) ? plain : { workers, encoding, wait };
}

/** A setting on the clock, as if it took the reference's rounds. */
export async function clocked(job: Job, setting: Setting, from: Reference): Promise<Considered> {
  const spec = specWith(job.spec, setting);
  const { rounds } = from.target;
  const clocking = isTimed(spec)
    ? clock(spec, job.data, job.machine, Math.max(1, job.spec.stop.rounds))
    : rehearsedClock([await rehearsal(job, setting, 0), await rehearsal(job, setting, 1)]);
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

/** A setting with so many rehearsals, those it had included; or what is wrong with it. */
export async function rehearsed(
  job: Job,
  one: Considered,
  target: Target,
  count: number,
): Promise<Considered> {
  const tried = [...one.tried];
  let { roundsToStop } = one;
  for (let draw = tried.length; draw < count; draw++) {
    const done = await rehearsal(job, one.setting, draw);
    roundsToStop =
      draw === 0 ? stopOf(job.spec, done) : Math.max(roundsToStop, stopOf(job.spec, done));
    const reached = await roundsTo(done, target.objective);
    const failed = { ...one, tried: [], rounds: null, roundsToStop };
    if (done.stuck !== null) return { ...failed, verdict: { kind: "stuck", reason: done.stuck } };
    if (reached === null)
      return { ...failed, verdict: { kind: "misses", miss: await missOf(done, target) } };
    tried.push(reached);
  }
  return withTrials({ ...one, roundsToStop }, tried);
}

function rehearsal(job: Job, setting: Setting, draw: number): Promise<Rehearsal> {
  const { sample, machine, data } = job;
  const spec = specWith(job.spec, setting);
  const workMs = machine.workMs(entriesPerSlot(spec, data));
  return rehearse({ spec, sample, machine, workMs, draw, roundsMax: roundsRehearsedMax });
}

function stopOf({ stop }: RunSpec, { isDone, endsMs }: Rehearsal): number {
  return isDone ? endsMs.length : stop.rounds;
}
