import { assert } from "../core/errors.ts";
import { type Choosing, clocked, plainOf, referenceOf, rehearsed } from "./audition.ts";
import { type Choice, type Considered, errorOf } from "./considered.ts";
import { foresight } from "./foresight.ts";
import { fatesOf } from "./lateness.ts";
import { isPlain, settingsOf } from "./setting.ts";

/** A gain of less than this over not encoding is none. */
const gainMin = 0.01;
const rehearsalsFirst = 2;
/** Those within `contention` of the best are rehearsed until there are so many. */
const rehearsalsOfContenders = 6;
const contention = 1.3;
const contendersMax = 5;

/**
 * The setting that reaches the loss of waiting for all unencoded slots first, or cheapest. Settings
 * are rehearsed in the order of what they would take if erasures cost no rounds; what cannot be
 * ahead any more is not. Those that come close to the best are rehearsed more often: rounds are
 * few and chance plays a part. Not encoding wins ties.
 */
export async function choose(how: Choosing): Promise<Choice> {
  const job = { ...how, machine: { ...how.machine, fates: fatesOf(how.machine.lateness) } };
  /** With the error of its rehearsals on top: what is not sure does not win by luck. */
  const value = (one: Considered) => one.toTarget[how.goal] + errorOf(one, how.goal);
  const reference = await referenceOf(job);
  const { target } = reference;
  const { sparse } = how.sample.prepared.preparation;
  const open: Considered[] = [];
  for (const setting of settingsOf(how.spec, how.auto, { rows: how.data.rows, sparse }))
    open.push(await clocked(job, setting, reference));
  const plains = open.filter(({ setting }) => isPlain(setting));
  const plain = least(plains, value) ?? (await clocked(job, plainOf(how.spec), reference));
  const decided = [...plains];
  const foreseen = foresight(job);
  let limit = plains.length === 0 ? Number.POSITIVE_INFINITY : value(plain);
  for (const one of open.toSorted((a, b) => value(a) - value(b))) {
    if (isPlain(one.setting)) continue;
    const isBehind = value(one) >= (1 - gainMin) * limit;
    const verdict = isBehind ? ({ kind: "hopeless" } as const) : foreseen.verdictOn(one);
    const done =
      verdict === null ? await rehearsed(job, one, target, rehearsalsFirst) : { ...one, verdict };
    decided.push(done);
    foreseen.learn(done);
    if (done.rounds !== null) limit = Math.min(limit, value(done));
  }
  const contenders = decided
    .filter(({ tried }) => tried.length > 0)
    .filter((one) => value(one) <= contention * limit)
    .sort((a, b) => value(a) - value(b));
  for (const one of contenders.slice(0, contendersMax))
    decided[decided.indexOf(one)] = await rehearsed(job, one, target, rehearsalsOfContenders);
  const ahead = best(decided, plains.length === 0 ? null : plain, value);
  const chosen: Considered = { ...ahead, verdict: { kind: "chosen" } };
  const considered = decided
    .map((one) => (one === ahead ? chosen : one))
    .sort((a, b) => value(a) - value(b));
  return { chosen, plain: ahead === plain ? chosen : plain, considered, target };
}

/** The best of those that get there; not encoding unless there is a gain. */
function best(
  decided: readonly Considered[],
  plain: Considered | null,
  value: (one: Considered) => number,
): Considered {
  const there = decided.filter(({ tried }) => tried.length > 0);
  // One that was rehearsed more often than others is not to lose by that.
  const most = Math.max(0, ...there.map(({ tried }) => tried.length));
  const ahead = least(
    there.filter(({ tried }) => tried.length === most),
    value,
  );
  if (ahead === null) return plain ?? nearest(decided);
  if (plain === null) return ahead;
  return value(ahead) < (1 - gainMin) * value(plain) ? ahead : plain;
}

/** Where nothing reaches the target: the one that comes nearest. */
function nearest(decided: readonly Considered[]): Considered {
  const miss = ({ verdict }: Considered) => ("miss" in verdict ? verdict.miss : Infinity);
  const found = least(decided, miss);
  assert(found !== null, "there is a setting that can work");
  return found;
}

function least(all: readonly Considered[], value: (one: Considered) => number): Considered | null {
  return all.toSorted((a, b) => value(a) - value(b))[0] ?? null;
}
