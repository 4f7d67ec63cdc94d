import { assert } from "../core/errors.ts";
import {
  type Candidate,
  type Choice,
  comparedCandidates,
  errorOf,
  type Goal,
} from "./candidate.ts";
import {
  evaluateByClock,
  evaluateByMoreFutures,
  evaluateByPilot,
  type PlannerChoice,
  type PlanningJob,
  plainOf,
  type ReferenceRun,
  referenceOf,
} from "./candidate-evaluation.ts";
import { configurationsOf, isPlain } from "./configuration.ts";
import { latenessModelOf } from "./lateness.ts";
import { type Pruning, pruning } from "./pruning.ts";

/** A gain of less than this over not encoding is none. */
const gainMin = 0.01;
/** Rounds are few and chance plays a part: who comes close is rehearsed more often, in steps. */
const rehearsalsSteps = [2, 6, 12, 24, 48];
const rehearsalsLeast = 6;
const rehearsalsMost = 48;
/** Known to this part of its time or bill, a setting is known well enough. */
const errorEnough = 0.01;

/**
 * The setting that reaches the loss of waiting for all unencoded slots first, or cheapest. Settings
 * start from what they would take if erasures cost no rounds, which none can better; whichever
 * could be ahead is rehearsed until it is behind another or known well enough. Not encoding wins
 * ties.
 */
export async function choose(how: PlannerChoice): Promise<Choice> {
  const job: PlanningJob = {
    ...how,
    machine: { ...how.machine, fates: latenessModelOf(how.machine.lateness) },
  };
  const reference = await referenceOf(job);
  const field = await candidatesOf(job, reference);
  const plains = field.filter(({ setting }) => isPlain(setting));
  const best = least(plains, (one) => comparedCandidates(one.toTarget, how.goal));
  const coarse = best ?? (await evaluateByClock(job, plainOf(how.spec), reference));
  const plain = await evaluateByMoreFutures(job, coarse, reference.target);
  if (best !== null) field[field.indexOf(best)] = plain;
  const ahead = await successiveHalving(job, reference, field, plains.length > 0 ? plain : null);
  const there = ahead ?? nearest(field);
  const chosen: Candidate = { ...there, verdict: { kind: "chosen" } };
  const considered = field
    .map((one) => (one === there ? chosen : one))
    .sort(
      (a, b) => comparedCandidates(a.toTarget, how.goal) - comparedCandidates(b.toTarget, how.goal),
    );
  // Verdicts were written since.
  const plainNow = considered.find(({ setting }) => setting === plain.setting) ?? plain;
  return { chosen, plain: plainNow, considered, target: reference.target };
}

async function candidatesOf(job: PlanningJob, reference: ReferenceRun): Promise<Candidate[]> {
  const { spec, auto, data, sample } = job;
  const { sparse } = sample.prepared.preparation;
  const field: Candidate[] = [];
  for (const setting of configurationsOf(spec, auto, { rows: data.rows, sparse }))
    field.push(await evaluateByClock(job, setting, reference));
  return field;
}

/**
 * Best first: the one ahead is looked at more closely until one is ahead that needs no more of it.
 * Verdicts are written into the field. Null where nobody gets to the target.
 */
async function successiveHalving(
  job: PlanningJob,
  { target }: ReferenceRun,
  field: Candidate[],
  plain: Candidate | null,
): Promise<Candidate | null> {
  const foreseen = pruning(job);
  const { goal } = job;
  // What it may come to while that is open, and what it comes to at least once that is settled.
  const standing = (one: Candidate) => {
    const expected = comparedCandidates(one.toTarget, goal);
    if (one === plain) return (1 - gainMin) * expected;
    return expected + (isSettled(one, goal) ? 1 : -1) * errorOf(one, goal);
  };
  for (;;) {
    const running = field.filter(
      (one) => one.verdict.kind === "open" && (one === plain || !isPlain(one.setting)),
    );
    const ahead = least(running, standing);
    if (ahead === null) return null;
    const { setting } = ahead;
    const others = running.filter((one) => one !== ahead).map(standing);
    if (ahead === plain || isSettled(ahead, goal) || isSurely(ahead, Math.min(...others), goal)) {
      for (const one of field) if (one.verdict.kind === "open") rejectCandidate(field, one);
      return field.find((one) => one.setting === setting)!;
    }
    field[field.indexOf(ahead)] = await closer(job, ahead, target, foreseen);
  }
}

async function closer(
  job: PlanningJob,
  one: Candidate,
  target: ReferenceRun["target"],
  foreseen: Pruning,
): Promise<Candidate> {
  const rehearsals = one.tried.length;
  const isNew = rehearsals === 0;
  const verdict = isNew ? foreseen.verdictOn(one) : null;
  if (verdict !== null) return { ...one, verdict };
  const about = isNew ? await evaluateByMoreFutures(job, one, target) : one;
  const more = rehearsalsSteps.find((step) => step > rehearsals)!;
  const done = await evaluateByPilot(job, about, target, more);
  foreseen.record(done);
  return done;
}

function isSettled(one: Candidate, goal: Goal): boolean {
  const { length } = one.tried;
  if (length >= rehearsalsMost) return true;
  const enough = errorEnough * comparedCandidates(one.toTarget, goal);
  return length >= rehearsalsLeast && errorOf(one, goal) <= enough;
}

/** Even if it comes to more than expected, no other could come to less. */
function isSurely(one: Candidate, others: number, goal: Goal): boolean {
  const most = comparedCandidates(one.toTarget, goal) + errorOf(one, goal);
  return one.tried.length >= rehearsalsLeast && most <= others;
}

/** Who was not ahead in the end was either looked at, or could not be. */
function rejectCandidate(field: Candidate[], one: Candidate): void {
  const kind = one.tried.length > 0 || isPlain(one.setting) ? "behind" : "hopeless";
  field[field.indexOf(one)] = { ...one, verdict: { kind } };
}

/** Where nothing reaches the target: the one that comes nearest. */
function nearest(field: readonly Candidate[]): Candidate {
  const miss = ({ verdict }: Candidate) => ("miss" in verdict ? verdict.miss : Infinity);
  const found = least(field, miss);
  assert(found !== null, "there is a setting that can work");
  return found;
}

function least(all: readonly Candidate[], value: (one: Candidate) => number): Candidate | null {
  return all.toSorted((a, b) => value(a) - value(b))[0] ?? null;
}
