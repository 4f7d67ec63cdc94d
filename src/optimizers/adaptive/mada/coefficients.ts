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
