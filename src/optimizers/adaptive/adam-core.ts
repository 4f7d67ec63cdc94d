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
    start: (length) => ({
      slots: zeros(length, ...(names as readonly ("m" | "v")[])),
      numbers: {},
    }),
    step: (state, here) => step(state.slots as Slots, factors, state.step + 1, here),
  };
}

interface Slots {
  readonly m: Flat;
  readonly v: Flat;
  readonly w: Flat;
}

// Each method has a loop of its own: one loop that asks which it is takes half as long again.

function stepOfLast({ m, v }: Slots, factors: AdamFactors, t: number, here: Here): void {
  const { beta1, beta2, epsilon } = factors;
  const { weights, gradient, scale, rate } = here;
  const [k1, k2] = [1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)];
  for (let i = 0; i < weights.length; i++) {
    const g = scale * gradient[i]!;
    const mi = beta1 * m[i]! + (1 - beta1) * g;
    const vi = beta2 * v[i]! + (1 - beta2) * (g * g);
    m[i] = mi;
    v[i] = vi;
    weights[i]! -= rate * ((k1 * mi) / (Math.sqrt(k2 * vi) + epsilon));
  }
}

function stepOfYogi({ m, v }: Slots, factors: AdamFactors, t: number, here: Here): void {
  const { beta1, beta2, epsilon } = factors;
  const { weights, gradient, scale, rate } = here;
  const [k1, k2] = [1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)];
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

function stepOfMean({ m, v, w }: Slots, factors: AdamFactors, t: number, here: Here): void {
  const { beta1, beta2, epsilon } = factors;
  const { weights, gradient, scale, rate } = here;
  const [k1, k2] = [1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)];
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

function stepOfMax({ m, v, w }: Slots, factors: AdamFactors, t: number, here: Here): void {
  const { beta1, beta2, epsilon } = factors;
  const { weights, gradient, scale, rate } = here;
  const [k1, k2] = [1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t)];
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
