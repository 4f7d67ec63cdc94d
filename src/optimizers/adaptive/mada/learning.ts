import {
  type CoefficientName,
  coefficientBounds,
  coefficientNames,
  type MadaCoefficients,
} from "./coefficients.ts";

/** How coefficients are learned. */
export interface CoefficientLearning {
  /** Hyper-learning rates; a coefficient whose rate is 0 stays as it is. */
  readonly rates: MadaCoefficients;
  readonly momenta: MadaCoefficients;
  /** So many steps are taken before the first coefficient moves. */
  readonly delay: number;
  /** A longer hyper-gradient is cut to this. */
  readonly clip: number;
}

/**
 * One step of each coefficient along its hyper-gradient, -rate <h, du/dq>: buf <- mu buf + hyper,
 * q <- q - eta buf, held within its bounds. `q` and `momenta` change in place.
 */
export function learnCoefficients(
  q: Float64Array,
  momenta: Float64Array,
  slopes: Float64Array,
  rate: number,
  learning: CoefficientLearning,
): void {
  const alpha = q[alphaIndex]!;
  for (let k = 0; k < q.length; k++) {
    const name = coefficientNames[k]!;
    const eta = learning.rates[name];
    if (eta === 0) continue;
    const hyper = -(k === alphaIndex ? rate : rate * alpha) * slopes[k]!;
    momenta[k] =
      learning.momenta[name] * momenta[k]! + within(hyper, -learning.clip, learning.clip);
    const [least, most] = coefficientBounds[name];
    q[k] = within(q[k]! - eta * momenta[k]!, least, most);
  }
}

const alphaIndex = coefficientNames.indexOf("alpha");

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

/** What is said for all coefficients or for some, with what holds for the others. */
export function perCoefficient(
  given: number | Partial<Readonly<Record<CoefficientName, number | undefined>>>,
  others: MadaCoefficients,
): MadaCoefficients {
  const of = (name: CoefficientName) => {
    if (typeof given !== "number") return given[name] ?? others[name];
    // One number is for the six of the method; the learning rate is learned only where it is named.
    return name === "alpha" ? others.alpha : given;
  };
  return Object.fromEntries(coefficientNames.map((name) => [name, of(name)])) as typeof others;
}
