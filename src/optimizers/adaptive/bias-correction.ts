/** What a mean of its first t values holds of a constant, to be divided by. */
export interface WeightHeld {
  readonly inverse: number;
  /** Of the inverse, by beta. */
  readonly slope: number;
}

/** Nothing is missing, or nothing is to be made up for. */
export const fullWeight: WeightHeld = { inverse: 1, slope: 0 };

/** 1 / (1 - b^t), t b^(t-1) / (1 - b^t)^2. */
export function weightHeld(beta: number, t: number): WeightHeld {
  const inverse = 1 / (1 - beta ** t);
  return { inverse, slope: t * beta ** (t - 1) * inverse * inverse };
}

/** Of the mean of v_1 to v_t where g^2 is constant: h = 1 - (b + b^2 + ... + b^t) / t. */
export function weightHeldInMean(beta: number, t: number): WeightHeld {
  const [sum, slope] = t <= termsMax ? summed(beta, t) : closed(beta, t);
  const inverse = 1 / (1 - sum / t);
  return { inverse, slope: (slope / t) * inverse * inverse };
}

/** Up to here sums are made term by term: at first the closed forms lose digits near b = 1. */
const termsMax = 500;

/** b + b^2 + ... + b^t and its derivative. */
function summed(beta: number, t: number): readonly [number, number] {
  let [power, sum, slope] = [1, 0, 0];
  for (let j = 1; j <= t; j++) {
    slope += j * power;
    power *= beta;
    sum += power;
  }
  return [sum, slope];
}

function closed(beta: number, t: number): readonly [number, number] {
  const [power, rest] = [beta ** t, 1 - beta];
  const slope = ((1 - (t + 1) * power) * rest + beta * (1 - power)) / (rest * rest);
  return [(beta * (1 - power)) / rest, slope];
}
