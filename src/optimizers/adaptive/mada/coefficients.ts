/** What MADA can learn, in the order in which its numbers are kept. */
export const coefficientNames = ["beta1", "beta2", "beta3", "rho", "c", "gamma", "alpha"] as const;

export type CoefficientName = (typeof coefficientNames)[number];

export type MadaCoefficients = Readonly<Record<CoefficientName, number>>;

/**
 * Learned coefficients stay within these. beta2 may come as near to 1 as Adam's usual 0.999 and
 * nearer; alpha is a factor of the learning rate.
 */
export const coefficientBounds: Readonly<Record<CoefficientName, readonly [number, number]>> = {
  beta1: [0.01, 0.99],
  beta2: [0.501, 0.9999],
  beta3: [0, 0.99],
  rho: [0, 1],
  c: [0, 1],
  gamma: [0, 1],
  alpha: [0, 10],
};

export function named(values: Float64Array): MadaCoefficients {
  return {
    beta1: values[0]!,
    beta2: values[1]!,
    beta3: values[2]!,
    rho: values[3]!,
    c: values[4]!,
    gamma: values[5]!,
    alpha: values[6]!,
  };
}

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
  setting: number | Partial<Readonly<Record<CoefficientName, number | undefined>>>,
  others: MadaCoefficients,
): MadaCoefficients {
  const of = (name: CoefficientName) => {
    if (typeof setting !== "number") return setting[name] ?? others[name];
    // One number is for the six of the method; the learning rate is learned only where it is named.
    return name === "alpha" ? others.alpha : setting;
  };
  return Object.fromEntries(coefficientNames.map((name) => [name, of(name)])) as typeof others;
}
