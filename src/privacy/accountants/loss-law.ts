import { normalCdf } from "../../math/normal.ts";
import type { DpSgdRelease } from "../release.ts";

/**
 * The privacy loss L = ln(P / Q) of the worst pair of neighbours P and Q. Whatever is decided of
 * one release is at least as hard to decide of this pair.
 */
export interface LossLaw {
  /** Losses outside have probability at most `outside` under P at either end. */
  readonly least: number;
  readonly most: number;
  readonly outside: number;
  /** P(L in (from, to]) and Q(L in (from, to]), each by differences that keep their digits. */
  masses(from: number, to: number): readonly [p: number, q: number];
}

/** Which of two neighbours the data are: P is with the record, or without it. */
export type Direction = "remove" | "add";

/** Noise of deviation 1 on values that are `mu` apart. */
export function normalLoss(mu: number, outside: number): LossLaw {
  const reach = reachOf(outside);
  const xOf = (loss: number) => loss / mu + mu / 2;
  return {
    least: mu * (-reach + mu / 2),
    most: mu * (reach + mu / 2),
    outside,
    masses: (from, to) => {
      const [a, b] = [xOf(from), xOf(to)];
      return [normalBetween(a - mu, b - mu), normalBetween(a, b)];
    },
  };
}

/** Laplace noise of scale 1 on values that are t apart: the same either way. */
export function laplaceLoss(t: number): LossLaw {
  // Between the atoms at -t and t the loss falls from t to -t as noise goes from 0 to t.
  const upTo = (loss: number) =>
    loss >= t ? 1 : loss < -t ? 0 : 1 - (1 - Math.exp((loss - t) / 2) / 2);
  const below = (loss: number) => (loss > t ? 1 : loss <= -t ? 0 : Math.exp((loss - t) / 2) / 2);
  return {
    least: -t,
    most: t,
    outside: 0,
    masses: (from, to) => [upTo(to) - upTo(from), below(-from) - below(-to)],
  };
}

/** One batch by Poisson's coins: mixtures of normal laws, the record in with probability q. */
export function sampledLoss(release: DpSgdRelease, direction: Direction, outside: number): LossLaw {
  const { rate: q, noise } = release;
  const reach = reachOf(outside) * noise;
  const [there, here, away] = [normalSpans(), normalSpans(), normalSpans()];
  const plain = (a: number, b: number) => here(a / noise, b / noise);
  const mixed = (a: number, b: number, at: 1 | -1) =>
    (1 - q) * plain(a, b) + q * (at === 1 ? there : away)((a - at) / noise, (b - at) / noise);
  if (release.adjacency === "replace-one") {
    const lossAt = (x: number) => logMixture(q, noise, x) - logMixture(q, noise, -x);
    const xOf = rememberingLast((loss: number) => replacedAt(q, noise, loss));
    return {
      least: lossAt(-reach),
      most: lossAt(1 + reach),
      outside,
      masses(from, to) {
        const [a, b] = [xOf(from), xOf(to)];
        return [mixed(a, b, 1), mixed(a, b, -1)];
      },
    };
  }
  const xOf = rememberingLast((loss: number) => addedAt(q, noise, loss));
  if (direction === "remove")
    return {
      least: logMixture(q, noise, -reach),
      most: logMixture(q, noise, 1 + reach),
      outside,
      masses(from, to) {
        const [a, b] = [xOf(from), xOf(to)];
        return [mixed(a, b, 1), plain(a, b)];
      },
    };
  return {
    least: -logMixture(q, noise, reach),
    most: -logMixture(q, noise, -reach),
    outside,
    masses(from, to) {
      // The end that the last cell had as well comes first.
      const b = xOf(-from);
      const a = xOf(-to);
      return [plain(a, b), mixed(a, b, 1)];
    },
  };
}

/** Cells of a grid lie side by side: where one ends, the next one begins. */
function rememberingLast(f: (x: number) => number): (x: number) => number {
  let x = Number.NaN;
  let value = Number.NaN;
  return (at) => {
    if (at !== x) {
      value = f(at);
      x = at;
    }
    return value;
  };
}

/** `normalBetween` for spans side by side, in either order, with one value of Phi for each. */
function normalSpans(): (a: number, b: number) => number {
  return spans({ below: normalCdf, above: (x) => normalCdf(-x), middle: 0 });
}

/**
 * Probabilities between two places, taken at the side where they keep their digits. Spans that lie
 * side by side have a place in common, at which a tail is worked out once.
 */
export function spans(tails: {
  below(x: number): number;
  above(x: number): number;
  readonly middle: number;
}): (a: number, b: number) => number {
  const [below, above] = [rememberingTwo(tails.below), rememberingTwo(tails.above)];
  return (a, b) => (a > tails.middle ? above(a) - above(b) : below(b) - below(a));
}

function rememberingTwo(f: (x: number) => number): (x: number) => number {
  let [x, value] = [Number.NaN, Number.NaN];
  let [before, valueBefore] = [Number.NaN, Number.NaN];
  return (at) => {
    if (at === x) return value;
    if (at === before) return valueBefore;
    before = x;
    valueBefore = value;
    value = f(at);
    x = at;
    return value;
  };
}

/** ln(1 - q + q e^s), s = (2x - 1) / (2 noise^2): the mixture over the plain law at x. */
function logMixture(q: number, noise: number, x: number): number {
  const s = (2 * x - 1) / (2 * noise * noise);
  if (s < 30) return Math.log1p(q * Math.expm1(s));
  return s + Math.log(q) + Math.log1p(((1 - q) / q) * Math.exp(-s));
}

/** Where `logMixture` is `loss`; minus infinity where it is nowhere that low. */
function addedAt(q: number, noise: number, loss: number): number {
  if (loss > 30)
    return noise * noise * (loss + Math.log1p((q - 1) * Math.exp(-loss)) - Math.log(q)) + 0.5;
  const rest = Math.expm1(loss) + q;
  return rest <= 0 ? Number.NEGATIVE_INFINITY : noise * noise * Math.log(rest / q) + 0.5;
}

/** Where logMixture(x) - logMixture(-x) is `loss`: a quadratic in t = e^(x / noise^2), or x odd. */
function replacedAt(q: number, noise: number, loss: number): number {
  if (loss < 0) return -replacedAt(q, noise, -loss);
  const exponent = -1 / (2 * noise * noise);
  const c = q * Math.exp(exponent);
  // c t^2 - (e^loss - 1)(1 - q) t - e^loss c = 0, divided by e^loss.
  const b = -Math.expm1(-loss) * (1 - q);
  const a = c * Math.exp(-loss);
  const root = (b + Math.sqrt(b * b + 4 * a * c)) / 2;
  if (root === 0) return 0;
  // With little noise c is no double any more, its logarithm is.
  const logC = c >= tiniest ? Math.log(c) : Math.log(q) + exponent;
  return noise * noise * (Math.log(root) - logC + loss);
}

const tiniest = 2 ** -1022;

/** Phi(b) - Phi(a), taken at the side where it keeps its digits. */
export function normalBetween(a: number, b: number): number {
  if (a > 0) return normalCdf(-a) - normalCdf(-b);
  return normalCdf(b) - normalCdf(a);
}

/** The least whole r with Phi(-r) <= outside. */
export function reachOf(outside: number): number {
  let reach = 1;
  while (normalCdf(-reach) > outside) reach++;
  return reach;
}
