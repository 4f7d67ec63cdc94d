import { weightHeld, weightHeldInMean } from "./bias-correction.ts";
import { type Core, type Flat, type Here, zeros } from "./core.ts";

/**
 * What the step is divided by: the root of v; of the mean of all v so far; of the largest v so
 * far; or of a v that moves by the sign of its error (Yogi).
 */
export type Denominator = "last" | "mean" | "max" | "yogi";

export interface AdamFactors {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** By 1 - b^t; the mean of v by what is its own; or not at all. */
  readonly debias?: "shared" | "own" | "none";
}

/** With t and what m and w are multiplied by at that step. */
interface Now extends AdamFactors {
  readonly t: number;
  readonly k1: number;
  readonly k2: number;
}

/**
 * m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) s, s = g^2 or Yogi's; u = m' / (sqrt(w') + eps),
 * where m' = m / (1 - b1^t), w' = w / (1 - b2^t) and w is v, its mean or its maximum so far.
 */
export function adamCore(factors: AdamFactors, denominator: Denominator): Core<"m" | "v"> {
  const kernel = { last: stepOfLast, yogi: stepOfYogi, mean: stepOfMean, max: stepOfMax };
  const step = kernel[denominator];
  const names = denominator === "mean" || denominator === "max" ? ["m", "v", "w"] : ["m", "v"];
  return {
    isElementwise: true,
    start: (length) => ({
      slots: zeros(length, ...(names as readonly ("m" | "v")[])),
      numbers: {},
    }),
    step(state, here) {
      const t = state.step + 1;
      step(state.slots as Slots, { ...factors, t, ...corrections(factors, t) }, here);
    },
  };
}

function corrections({ beta1, beta2, debias }: AdamFactors, t: number): Pick<Now, "k1" | "k2"> {
  if (debias === "none") return { k1: 1, k2: 1 };
  const ofMean = debias === "own" ? weightHeldInMean(beta2, t) : weightHeld(beta2, t);
  return { k1: weightHeld(beta1, t).inverse, k2: ofMean.inverse };
}

interface Slots {
  readonly m: Flat;
  readonly v: Flat;
  readonly w: Flat;
}

// A loop each: which of them it is, is no question to ask at every weight.

function stepOfLast({ m, v }: Slots, factors: Now, here: Here): void {
  const { beta1, beta2, epsilon, k1, k2 } = factors;
  const { weights, gradient, scale, rate } = here;
  for (let i = 0; i < weights.length; i++) {
    const g = scale * gradient[i]!;
    const mi = beta1 * m[i]! + (1 - beta1) * g;
    const vi = beta2 * v[i]! + (1 - beta2) * (g * g);
    m[i] = mi;
    v[i] = vi;
    weights[i]! -= rate * ((k1 * mi) / (Math.sqrt(k2 * vi) + epsilon));
  }
}

function stepOfYogi({ m, v }: Slots, factors: Now, here: Here): void {
  const { beta1, beta2, epsilon, k1, k2 } = factors;
  const { weights, gradient, scale, rate } = here;
  for (let i = 0; i < weights.length; i++) {
    const g = scale * gradient[i]!;
    const square = g * g;
    const before = v[i]!;
    const mi = beta1 * m[i]! + (1 - beta1) * g;
    const vi = beta2 * before + (1 - beta2) * (before + square * Math.sign(square - before));
    m[i] = mi;
    v[i] = vi;
    weights[i]! -= rate * ((k1 * mi) / (Math.sqrt(k2 * vi) + epsilon));
  }
}

function stepOfMean({ m, v, w }: Slots, factors: Now, here: Here): void {
  const { beta1, beta2, epsilon, t, k1, k2 } = factors;
  const { weights, gradient, scale, rate } = here;
  for (let i = 0; i < weights.length; i++) {
    const g = scale * gradient[i]!;
    const mi = beta1 * m[i]! + (1 - beta1) * g;
    const vi = beta2 * v[i]! + (1 - beta2) * (g * g);
    const wi = ((t - 1) * w[i]! + vi) / t;
    m[i] = mi;
    v[i] = vi;
    w[i] = wi;
    weights[i]! -= rate * ((k1 * mi) / (Math.sqrt(k2 * wi) + epsilon));
  }
}

function stepOfMax({ m, v, w }: Slots, factors: Now, here: Here): void {
  const { beta1, beta2, epsilon, k1, k2 } = factors;
  const { weights, gradient, scale, rate } = here;
  for (let i = 0; i < weights.length; i++) {
    const g = scale * gradient[i]!;
    const mi = beta1 * m[i]! + (1 - beta1) * g;
    const vi = beta2 * v[i]! + (1 - beta2) * (g * g);
    const wi = Math.max(w[i]!, vi);
    m[i] = mi;
    v[i] = vi;
    w[i] = wi;
    weights[i]! -= rate * ((k1 * mi) / (Math.sqrt(k2 * wi) + epsilon));
  }
}
