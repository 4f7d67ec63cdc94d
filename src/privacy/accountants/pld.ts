import type { MechanismUse } from "../release.ts";
import { type Composed, compose, type Losses, totalLogMoment, windowOf } from "./compose.ts";
import { deltaOfMu, epsilonOfMu, muSquared } from "./gaussian.ts";
import { type Group, grouped } from "./grouped.ts";
import { type Direction, type LossLaw, laplaceLoss, normalLoss } from "./loss-law.ts";
import { onGrid } from "./loss-masses.ts";
import { deltaAt, epsilonAt } from "./read-losses.ts";
import { samplers } from "./samplers.ts";
import { sketchLoss } from "./sketch.ts";

/**
 * Numeric accounting of privacy losses: their law is put on a grid from above, convolved by the
 * Fourier transform, and read off. Never below the truth, and above it by little: 9e-5 at 10,000
 * steps of DP-SGD. Normal noise alone is told exactly. Null where a law of losses is not known, or
 * where losses are beyond the grid, as with next to no noise.
 */
export function pldEpsilon(releases: readonly MechanismUse[], delta: number): number | null {
  const asked = JSON.stringify([grouped(releases), delta], exactNumbers);
  const known = lastAnswers.get(asked);
  if (known !== undefined) return known;
  const epsilon = larger(releases, (direction) => pldEpsilonOneWay(releases, delta, direction));
  const [oldest] = lastAnswers.keys();
  if (lastAnswers.size >= lastAnswersMax) lastAnswers.delete(oldest!);
  lastAnswers.set(asked, epsilon);
  return epsilon;
}

/** A run asks the same when its noise is sought, when it begins, and before each charge. */
const lastAnswers = new Map<string, number | null>();
const lastAnswersMax = 128;

/** JSON has one word for all that is infinite or no number. */
function exactNumbers(_name: string, value: unknown): unknown {
  return typeof value === "number" ? String(value) : value;
}

/** Epsilon if P were always the side with the record, or the one without: the larger counts. */
export function pldEpsilonOneWay(
  releases: readonly MechanismUse[],
  delta: number,
  direction: Direction,
): number | null {
  const pairs = pairsOf(grouped(releases), direction);
  if (pairs === null) return null;
  if (pairs.numeric.length === 0) return epsilonOfMu(pairs.mu, delta);
  const lost = Math.max(tiniest, delta * 1e-9);
  const composed = composeBy(pairs, lost, (moment, theta) => (moment - Math.log(delta)) / theta);
  return epsilonAt(composed, delta);
}

/** The smallest delta at `epsilon`. */
export function pldDelta(releases: readonly MechanismUse[], epsilon: number): number | null {
  return larger(releases, (direction) => {
    const pairs = pairsOf(grouped(releases), direction);
    if (pairs === null) return null;
    if (pairs.numeric.length === 0) return deltaOfMu(pairs.mu, epsilon);
    const composed = composeBy(pairs, tiniest, (moment, theta) => moment - theta * epsilon);
    return deltaAt(composed, epsilon);
  });
}

/** Probability that may count as lost altogether without anybody's noticing. */
const tiniest = 1e-24;

/** The larger of both directions; null where either is unknown or has no bound. */
function larger(
  releases: readonly MechanismUse[],
  boundOf: (direction: Direction) => number | null,
): number | null {
  const remove = boundOf("remove");
  const add = releases.every(isAlikeBothWays) ? remove : boundOf("add");
  if (remove === null || add === null) return null;
  const most = Math.max(remove, add);
  return Number.isFinite(most) ? most : null;
}

/** Whether a pair of neighbours is the same one with its two sides exchanged. */
function isAlikeBothWays(release: MechanismUse): boolean {
  if (release.mechanism === "sketch") return false;
  if (release.mechanism !== "dp-sgd") return true;
  return release.adjacency === "replace-one" && release.sampler !== "random-allocation";
}

/** Normal noise as one pair, and whatever else there is. */
interface Pairs {
  readonly mu: number;
  readonly numeric: readonly { readonly count: number; law(outside: number): LossLaw }[];
}

function pairsOf(groups: readonly Group[], direction: Direction): Pairs | null {
  let square = 0;
  const numeric = [];
  for (const { release, count } of groups) {
    const normal = muSquared(release);
    if (normal !== null) {
      square += count * normal;
    } else if (release.mechanism === "dp-sgd") {
      const { loss, batches } = samplers[release.sampler];
      const law = (outside: number) => loss(release, direction, outside);
      numeric.push({ count: count / batches(release), law });
    } else if (release.mechanism === "laplace") {
      const t = release.sensitivity / release.scale;
      if (t > 0) numeric.push({ count, law: () => laplaceLoss(t) });
    } else if (release.mechanism === "sketch") {
      numeric.push({ count, law: (outside: number) => sketchLoss(release, direction, outside) });
    } else {
      return null;
    }
  }
  return { mu: Math.sqrt(square), numeric };
}

/**
 * Composes twice in effect: a coarse grid tells which part of the law decides, by the exponent at
 * which a Chernoff bound is least, and how wide it is; the fine one then has the cells just there.
 */
function composeBy(
  { mu, numeric }: Pairs,
  lost: number,
  bound: (logMoment: number, theta: number) => number,
): Composed {
  const normal = { count: 1, law: (outside: number) => normalLoss(mu, outside) };
  const all = mu > 0 ? [...numeric, normal] : numeric;
  const count = all.reduce((sum, pair) => sum + pair.count, 0);
  const laws = all.map((pair) => ({ count: pair.count, law: pair.law(lost / count) }));
  const widest = Math.max(narrowest, ...laws.map(({ law }) => law.most - law.least));
  const onStep = (step: number): readonly Losses[] =>
    laws.map((one) => ({ count: one.count, law: onGrid(one.law, step) }));
  const coarse = onStep(widest / coarseCells);
  const theta = tilt((at) => bound(totalLogMoment(coarse, at), at));
  const window = windowOf(coarse, theta);
  let cells = cellsMin;
  const stepOf = () => Math.max((window.high - window.low) / (cells - 4), widest / cellsMax);
  // Above the truth by about a third of a step's square for each release.
  while (cells < cellsMax && count * stepOf() ** 2 > excessMax) cells *= 2;
  return compose(onStep(stepOf()), theta, window);
}

/** With next to no noise, or no sampling, all losses are one number: even then a grid has steps. */
const narrowest = 1e-9;
const coarseCells = 2 ** 14;
const cellsMin = 2 ** 17;
const cellsMax = 2 ** 20;
const excessMax = 2.5e-4;

/** The exponent, above 0, at which a bound that falls and then rises is least. */
function tilt(bound: (theta: number) => number): number {
  let low = Math.log(thetaMin);
  let high = Math.log(thetaMax);
  const ratio = (Math.sqrt(5) - 1) / 2;
  while (high - low > 0.05) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (bound(Math.exp(left)) <= bound(Math.exp(right))) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

const thetaMin = 1e-3;
const thetaMax = 1e4;
