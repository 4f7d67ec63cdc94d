import { assert } from "../core/errors.ts";
import { planRun } from "../run/plan.ts";
import type { AutoKey, RunSpec } from "../run/spec.ts";
import { type Clocking, clock, type Figures, rehearsedClock } from "./clocking.ts";
import { errorBound } from "./error-bound.ts";
import { type Fates, fatesOf } from "./lateness.ts";
import type { Machine } from "./machine.ts";
import { type Rehearsal, rehearse } from "./rehearse.ts";
import type { Sample } from "./sample.ts";
import { canWork, plainSetting, type Setting, settingsOf, specWith } from "./setting.ts";
import { missOf, roundsTo, type Target, targetOf } from "./target.ts";
import { type DataShape, entriesPerSlot, isTimed } from "./workload.ts";

/** What is to be least. */
export type Goal = "seconds" | "dollars";

/** One setting that was considered. */
export interface Considered {
  readonly setting: Setting;
  readonly clock: Clocking;
  /** Until the target is reached; where it was not rehearsed, if it took no more rounds. */
  readonly toTarget: Figures;
  /** Rounds to the target; null where it was not rehearsed or does not get there. */
  readonly rounds: number | null;
  /** Rounds until it stops by itself or by `stop.rounds`. */
  readonly roundsToStop: number;
  readonly verdict: Verdict;
}

export type Verdict =
  | { readonly kind: "chosen" }
  /** It gets there, later or dearer than the chosen one. */
  | { readonly kind: "behind" }
  /** It cannot be ahead, even with no more rounds than waiting for all. */
  | { readonly kind: "hopeless" }
  /** It ends so many tolerances above the reference. */
  | { readonly kind: "misses"; readonly miss: number }
  /** As before, going by settings like it instead of a rehearsal. */
  | { readonly kind: "expected-to-miss"; readonly miss: number }
  | { readonly kind: "too-large"; readonly bytes: number }
  | { readonly kind: "stuck"; readonly reason: string };

export interface Choice {
  readonly chosen: Considered;
  /** Not encoding, and waiting for all, with the number of workers that suits it best. */
  readonly plain: Considered;
  readonly considered: readonly Considered[];
  readonly target: Target;
}

export interface Choosing {
  readonly spec: RunSpec;
  readonly auto: readonly AutoKey[];
  readonly goal: Goal;
  readonly sample: Sample;
  readonly data: DataShape;
  readonly machine: Machine;
}

type Job = Choosing & { readonly machine: { readonly fates: Fates } };

/** A gain of less than this over not encoding is none. */
const gainMin = 0.01;
const roundsRehearsedMax = 300;
const rehearsalDraws = [0, 1];
/** A rehearsal is spared where settings like it miss by this factor more than the tolerance. */
const missForegone = 2.5;
/** A worker's memory holds its rows, and what it computes with them. */
const memoryShare = 0.6;

/**
 * The setting that reaches the loss of waiting for all unencoded slots first, or cheapest. Settings
 * are rehearsed in the order of what they would take if erasures cost no rounds; what cannot be
 * ahead any more is not. Not encoding wins ties.
 */
export async function choose(how: Choosing): Promise<Choice> {
  const job = { ...how, machine: { ...how.machine, fates: fatesOf(how.machine.lateness) } };
  const { target, roundsToStop } = await referenceOf(job);
  const time = (setting: Setting) => timed(job, setting, target, roundsToStop);
  const value = ({ seconds, dollars }: Figures) => (how.goal === "seconds" ? seconds : dollars);
  const { rows } = how.data;
  const { sparse } = how.sample.prepared.preparation;
  const open: Considered[] = [];
  for (const setting of settingsOf(how.spec, how.auto, { rows, sparse }))
    open.push(await time(setting));
  const plains = open.filter(({ setting }) => isPlain(setting));
  const plain = least(plains, value) ?? (await time(plainOf(how.spec)));
  const decided: Considered[] = [...plains];
  const misses = new Map<string, { heard: number; miss: number }>();
  let best = plains.length > 0 ? plain : null;
  for (const one of open.toSorted((a, b) => value(a.toTarget) - value(b.toTarget))) {
    if (isPlain(one.setting)) continue;
    const limit = best === null ? Number.POSITIVE_INFINITY : value(best.toTarget);
    const verdict = beforehand(job, one, misses, value(one.toTarget) >= (1 - gainMin) * limit);
    const done = verdict === null ? await rehearsed(job, one, target) : { ...one, verdict };
    decided.push(done);
    const { setting } = one;
    if (done.verdict.kind === "misses")
      misses.set(familyOf(setting), { heard: heardOf(job, setting), miss: done.verdict.miss });
    if (done.rounds !== null && (best === null || value(done.toTarget) < value(best.toTarget)))
      best = done;
  }
  const ahead =
    best !== null &&
    plains.length > 0 &&
    value(best.toTarget) > (1 - gainMin) * value(plain.toTarget)
      ? plain
      : (best ?? nearest(decided));
  const chosen: Considered = { ...ahead, verdict: { kind: "chosen" } };
  const considered = decided
    .map((one) => (one === ahead ? chosen : one))
    .sort((a, b) => value(a.toTarget) - value(b.toTarget));
  return { chosen, plain: ahead === plain ? chosen : plain, considered, target };
}

/** Where waiting for all unencoded slots ends: erasures have no part in it, nor has the number. */
async function referenceOf(job: Job): Promise<{ target: Target; roundsToStop: number }> {
  const calm: Job["machine"] = {
    ...job.machine,
    lateness: () => ({ delayMs: 0, fault: null, duplicate: false, coldStartMs: 0 }),
  };
  const done = await rehearsal({ ...job, machine: calm }, plainOf(job.spec), 0);
  return { target: targetOf(done.objectives), roundsToStop: stopOf(job.spec, done) };
}

/** Not encoding and waiting for all, or the spec's own setting where its strategy refuses that. */
function plainOf(spec: RunSpec): Setting {
  const plain = plainSetting(spec.workers);
  const { workers, encoding, wait } = spec;
  return canWork(specWith(spec, plain)) ? plain : { workers, encoding, wait };
}

async function timed(
  job: Job,
  setting: Setting,
  target: Target,
  roundsToStop: number,
): Promise<Considered> {
  const spec = specWith(job.spec, setting);
  const clocked = isTimed(spec)
    ? clock(spec, job.data, job.machine, Math.max(1, job.spec.stop.rounds))
    : rehearsedClock([await rehearsal(job, setting, 0), await rehearsal(job, setting, 1)]);
  const rounds = isPlain(setting) ? target.rounds : null;
  const toTarget = clocked.at(target.rounds);
  return { setting, clock: clocked, toTarget, rounds, roundsToStop, verdict: { kind: "behind" } };
}

/** What can be said without a rehearsal; null where nothing can. */
function beforehand(
  job: Job,
  { setting }: Considered,
  misses: ReadonlyMap<string, { heard: number; miss: number }>,
  isBehind: boolean,
): Verdict | null {
  const bytes = 4 * entriesPerSlot(specWith(job.spec, setting), job.data);
  if (bytes > memoryShare * job.machine.platform.memoryMb * 2 ** 20)
    return { kind: "too-large", bytes };
  if (isBehind) return { kind: "hopeless" };
  const known = misses.get(familyOf(setting));
  if (known === undefined) return null;
  const typical = (heard: number) => typicalError(job, setting, heard);
  const heard = heardOf(job, setting);
  // Theory tells how errors grow from one share of slots to another, a rehearsal how large one is.
  const miss = known.miss * (heard > known.heard ? typical(heard) / typical(known.heard) : 1);
  return miss > missForegone ? { kind: "expected-to-miss", miss } : null;
}

async function rehearsed(job: Job, one: Considered, target: Target): Promise<Considered> {
  let rounds = 0;
  let roundsToStop = 0;
  for (const draw of rehearsalDraws) {
    const done = await rehearsal(job, one.setting, draw);
    roundsToStop = Math.max(roundsToStop, stopOf(job.spec, done));
    const reached = roundsTo(done.objectives, target.objective);
    if (done.stuck !== null) return { ...one, verdict: { kind: "stuck", reason: done.stuck } };
    if (reached === null)
      return { ...one, roundsToStop, verdict: { kind: "misses", miss: missOf(done, target) } };
    rounds = Math.max(rounds, reached);
  }
  return { ...one, rounds, roundsToStop, toTarget: one.clock.at(rounds) };
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

/** Where nothing reaches the target: the one that comes nearest. */
function nearest(decided: readonly Considered[]): Considered {
  const miss = ({ verdict }: Considered) => ("miss" in verdict ? verdict.miss : Infinity);
  const found = decided.toSorted((a, b) => miss(a) - miss(b))[0];
  assert(found !== undefined, "there is a setting that can work");
  return found;
}

function least<T extends Considered>(all: readonly T[], value: (one: Figures) => number): T | null {
  return all.toSorted((a, b) => value(a.toTarget) - value(b.toTarget))[0] ?? null;
}

function isPlain({ encoding, wait }: Setting): boolean {
  return encoding.type === "uncoded" && wait === "all";
}

/** Settings whose errors differ by the share of slots alone. */
function familyOf({ encoding, workers }: Setting): string {
  return `${JSON.stringify(encoding)}/${workers}`;
}

function heardOf({ spec }: Job, setting: Setting): number {
  const { wait } = planRun(specWith(spec, setting));
  return wait.needed / setting.workers;
}

function typicalError({ spec, data }: Job, setting: Setting, heard: number): number {
  const { encoding } = planRun(specWith(spec, setting));
  return errorBound(encoding, heard, { ...data, workers: setting.workers }).typical;
}
