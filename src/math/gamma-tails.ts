/**
 * The tails of Gamma(a, 1), a chi-square's of 2a degrees at twice the place: each with the digits
 * of a double where it is small, also far out, where 1 minus the other tail has none.
 */

/** ln P(W > x), W ~ Gamma(a, 1): the regularised upper incomplete gamma function. */
export function gammaUpperLog(a: number, x: number): number {
  if (!(x > 0)) return 0;
  if (x < a + 1) return Math.log1p(-Math.exp(seriesLog(a, x)));
  return fractionLog(a, x);
}

/** ln P(W <= x), W ~ Gamma(a, 1). */
export function gammaLowerLog(a: number, x: number): number {
  if (!(x > 0)) return Number.NEGATIVE_INFINITY;
  if (x < a + 1) return seriesLog(a, x);
  return Math.log1p(-Math.exp(fractionLog(a, x)));
}

/** P(W <= x) = x^a e^-x / Gamma(a + 1) (1 + x / (a + 1) + x^2 / ((a + 1)(a + 2)) + ...). */
function seriesLog(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; term > sum * 2 ** -54; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return factorLog(a, x) - Math.log(a) + Math.log(sum);
}

/** P(W > x) by Legendre's continued fraction (Lentz's way to evaluate it), for x > a + 1. */
function fractionLog(a: number, x: number): number {
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let value = d;
  for (let i = 1; i <= termsMax; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / nonzero(an * d + b);
    c = nonzero(b + an / c);
    const by = d * c;
    value *= by;
    if (Math.abs(by - 1) < 2 ** -52) break;
  }
  return factorLog(a, x) + Math.log(value);
}

const tiny = 1e-300;
const termsMax = 1_000_000;
const nonzero = (value: number) => (Math.abs(value) < tiny ? tiny : value);

/** ln(x^a e^-x / Gamma(a)); by Stirling's series, which takes a >= 16 for a double's digits. */
function factorLog(a: number, x: number): number {
  if (a >= stirlingFrom) {
    const u = (x - a) / a;
    return -a * (u - Math.log1p(u)) + Math.log(a / (2 * Math.PI)) / 2 - stirling(a);
  }
  let logGamma = 0;
  let at = a;
  for (; at < stirlingFrom; at++) logGamma -= Math.log(at);
  logGamma += (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + stirling(at);
  return a * Math.log(x) - x - logGamma;
}

const stirlingFrom = 16;

/** What ln Gamma(a) has beyond (a - 1/2) ln a - a + ln(2 pi) / 2. */
function stirling(a: number): number {
  const inverse = 1 / (a * a);
  const series = 1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680));
  return series / a;
}
