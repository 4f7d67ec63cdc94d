import { assert } from "../core/errors.ts";
import {
  type Choosing,
  clocked,
  clockedCloser,
  type Job,
  plainOf,
  type Reference,
  referenceOf,
  rehearsed,
} from "./audition.ts";
import { type Choice, type Considered, compared, errorOf, type Goal } from "./considered.ts";
import { type Foresight, foresight } from "./foresight.ts";
import { fatesOf } from "./lateness.ts";
import { isPlain, settingsOf } from "./setting.ts";

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
export async function choose(how: Choosing): Promise<Choice> {
  const job: Job = { ...how, machine: { ...how.machine, fates: fatesOf(how.machine.lateness) } };
  const reference = await referenceOf(job);
  const field = await fieldOf(job, reference);
  const plains = field.filter(({ setting }) => isPlain(setting));
  const best = least(plains, (one) => compared(one.toTarget, how.goal));
  const coarse = best ?? (await clocked(job, plainOf(how.spec), reference));
  const plain = await clockedCloser(job, coarse, reference.target);
  if (best !== null) field[field.indexOf(best)] = plain;
  const ahead = await race(job, reference, field, plains.length > 0 ? plain : null);
  const there = ahead ?? nearest(field);
  const chosen: Considered = { ...there, verdict: { kind: "chosen" } };
  const considered = field
    .map((one) => (one === there ? chosen : one))
    .sort((a, b) => compared(a.toTarget, how.goal) - compared(b.toTarget, how.goal));
  // Verdicts were written since.
  const plainNow = considered.find(({ setting }) => setting === plain.setting) ?? plain;
  return { chosen, plain: plainNow, considered, target: reference.target };
}

async function fieldOf(job: Job, reference: Reference): Promise<Considered[]> {
  const { spec, auto, data, sample } = job;
  const { sparse } = sample.prepared.preparation;
  const field: Considered[] = [];
  for (const setting of settingsOf(spec, auto, { rows: data.rows, sparse }))
    field.push(await clocked(job, setting, reference));
  return field;
}

/**
 * Best first: the one ahead is looked at more closely until one is ahead that needs no more of it.
 * Verdicts are written into the field. Null where nobody gets to the target.
 */
async function race(
  job: Job,
  { target }: Reference,
  field: Considered[],
  plain: Considered | null,
): Promise<Considered | null> {
  const foreseen = foresight(job);
  const { goal } = job;
  // What it may come to while that is open, and what it comes to at least once that is settled.
  const standing = (one: Considered) => {
    const expected = compared(one.toTarget, goal);
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
      for (const one of field) if (one.verdict.kind === "open") settle(field, one);
      return field.find((one) => one.setting === setting)!;
    }
    field[field.indexOf(ahead)] = await closer(job, ahead, target, foreseen);
  }
}

async function closer(
  job: Job,
  one: Considered,
  target: Reference["target"],
  foreseen: Foresight,
): Promise<Considered> {
  const rehearsals = one.tried.length;
  const isNew = rehearsals === 0;
  const verdict = isNew ? foreseen.verdictOn(one) : null;
  if (verdict !== null) return { ...one, verdict };
  const about = isNew ? await clockedCloser(job, one, target) : one;
  const more = rehearsalsSteps.find((step) => step > rehearsals)!;
  const done = await rehearsed(job, about, target, more);
  foreseen.learn(done);
  return done;
}

function isSettled(one: Considered, goal: Goal): boolean {
  const { length } = one.tried;
  if (length >= rehearsalsMost) return true;
  const enough = errorEnough * compared(one.toTarget, goal);
  return length >= rehearsalsLeast && errorOf(one, goal) <= enough;
}

/** Even if it comes to more than expected, no other could come to less. */
function isSurely(one: Considered, others: number, goal: Goal): boolean {
  const most = compared(one.toTarget, goal) + errorOf(one, goal);
  return one.tried.length >= rehearsalsLeast && most <= others;
}

/** Who was not ahead in the end was either looked at, or could not be. */
function settle(field: Considered[], one: Considered): void {
  const kind = one.tried.length > 0 || isPlain(one.setting) ? "behind" : "hopeless";
  field[field.indexOf(one)] = { ...one, verdict: { kind } };
}

/** Where nothing reaches the target: the one that comes nearest. */
function nearest(field: readonly Considered[]): Considered {
  const miss = ({ verdict }: Considered) => ("miss" in verdict ? verdict.miss : Infinity);
  const found = least(field, miss);
  assert(found !== null, "there is a setting that can work");
  return found;
}

function least(all: readonly Considered[], value: (one: Considered) => number): Considered | null {
  return all.toSorted((a, b) => value(a) - value(b))[0] ?? null;
}
