import type { Flat } from "../core.ts";
import { coefficientNames } from "./coefficients.ts";
import type { Factors } from "./factors.ts";

/**
 * What is kept of a step: the means before it, the gradient it took and the one before that. All
 * else, derivatives included, is computed from them again when the next gradient is there: fewer
 * numbers to keep, copy and save than one derivative a coefficient and weight.
 */
export interface MadaSlots {
  readonly m: Flat;
  readonly n: Flat;
  readonly v: Flat;
  /** The mean or maximum of v. */
  readonly w: Flat;
  /** Lion's momentum. */
  readonly lion: Flat;
  readonly g: Flat;
  readonly gBefore: Flat;
}

/**
 * Moves the means over the step of which `slots` tells, and returns for every coefficient
 * <h, du/dq>: how the loss, whose gradient is now h, would answer to it, but for -rate. Then
 * `scale` h is the gradient of the step to come. The partials: with D = sqrt(w') + eps,
 * N = m' + b3 n, Z = -gamma N / (2 sqrt(w') D^2) and S = sign(ghat^2 - v),
 *   b1: gamma/D (dm'/db1)           rho: Z (dw'/drho)
 *   b2: Z (dw'/db2)                 c: Z (dw'/dv) (1 - b2) (ghat^2 - v - ghat^2 S)
 *   b3: gamma/D (n + b3 (n_ - d)) + Z (dw'/dv) (1 - b2) (c + (1 - c) S) 2 ghat d
 *   gamma: N/D - sign(l)            alpha: u
 */
export function finishMadaStep(slots: MadaSlots, h: Flat, scale: number, factors: Factors): Flat {
  const slopes = new Float64Array(coefficientNames.length);
  addSlopes(slots, h, scale, factors, slopes);
  return slopes;
}

// Sums stand in an array, and nothing follows the loop: V8 compiles it while it runs for the first
// time, and would throw the code away at every call over what it had not seen run before.
function addSlopes(slots: MadaSlots, h: Flat, scale: number, factors: Factors, slopes: Flat): void {
  const { m, n, v, w, lion, g: g1, gBefore } = slots;
  const { beta1, beta2, beta3, c, gamma, t, epsilon, isMax, kappa } = factors;
  const { lion1, lion2, first, firstSlope, last, mean } = factors;
  const { lastByBeta2, meanByBeta2, lastByRho, meanByRho } = factors;
  const meanPart = isMax ? 0 : kappa / t;
  for (let i = 0; i < h.length; i++) {
    const hi = h[i]!;
    const g = g1[i]!;
    const d = g - gBefore[i]!;
    const mi = m[i]!;
    const ni = n[i]!;
    const vi = v[i]!;
    const wi = w[i]!;
    const li = lion[i]!;
    const mNext = beta1 * mi + (1 - beta1) * g;
    const nNext = beta3 * ni + (1 - beta3) * d;
    const ahead = g + beta3 * d;
    const square = ahead * ahead;
    const sign = square > vi ? 1 : square < vi ? -1 : 0;
    const signed = square * sign;
    const target = c * square + (1 - c) * (vi + signed);
    const vNext = beta2 * vi + (1 - beta2) * target;
    const wNext = isMax ? Math.max(wi, vNext) : ((t - 1) * wi + vNext) / t;
    const root = Math.sqrt(last * vNext + mean * wNext);
    const below = 1 / (root + epsilon);
    const top = first * mNext + beta3 * nNext;
    const adapted = top * below;
    const lionSign = Math.sign(lion1 * li + (1 - lion1) * g);
    const z = root > 0 ? (-gamma * adapted * below) / (2 * root) : 0;
    const byV = z * (last + mean * (isMax ? (vNext > wi ? kappa : 0) : meanPart));
    slopes[0]! += hi * (gamma * below) * (first * (mi - g) + firstSlope * mNext);
    slopes[1]! += hi * (byV * (vi - target) + z * (lastByBeta2 * vNext + meanByBeta2 * wNext));
    slopes[2]! +=
      hi *
      (gamma * below * (nNext + beta3 * (ni - d)) +
        byV * (1 - beta2) * (c + (1 - c) * sign) * 2 * ahead * d);
    slopes[3]! += hi * z * (lastByRho * vNext + meanByRho * wNext);
    slopes[4]! += hi * byV * (1 - beta2) * (square - vi - signed);
    slopes[5]! += hi * (adapted - lionSign);
    slopes[6]! += hi * (gamma * adapted + (1 - gamma) * lionSign);
    m[i] = mNext;
    n[i] = nNext;
    v[i] = vNext;
    w[i] = wNext;
    lion[i] = lion2 * li + (1 - lion2) * g;
    gBefore[i] = g;
    g1[i] = scale * hi;
  }
}

/** weights <- weights - rate u; the means are left where they are until `finish`. */
export function madaMove(slots: MadaSlots, weights: Flat, rate: number, factors: Factors): void {
  const { m, n, v, w, lion, g: g1, gBefore } = slots;
  const { beta1, beta2, beta3, c, gamma, t, epsilon, isMax, lion1, first, last, mean } = factors;
  for (let i = 0; i < weights.length; i++) {
    const g = g1[i]!;
    const d = g - gBefore[i]!;
    const vi = v[i]!;
    const ahead = g + beta3 * d;
    const square = ahead * ahead;
    // Signs are guessed wrong every other time: none is asked for that does not count.
    let target = square;
    if (c < 1) {
      const signed = square > vi ? square : square < vi ? -square : 0;
      target = c * square + (1 - c) * (vi + signed);
    }
    const vNext = beta2 * vi + (1 - beta2) * target;
    const wNext = isMax ? Math.max(w[i]!, vNext) : ((t - 1) * w[i]! + vNext) / t;
    const root = Math.sqrt(last * vNext + mean * wNext);
    const mNext = beta1 * m[i]! + (1 - beta1) * g;
    const nNext = beta3 * n[i]! + (1 - beta3) * d;
    const adapted = (first * mNext + beta3 * nNext) / (root + epsilon);
    if (gamma === 1) weights[i]! -= rate * adapted;
    else {
      const lionSign = Math.sign(lion1 * lion[i]! + (1 - lion1) * g);
      weights[i]! -= rate * (gamma * adapted + (1 - gamma) * lionSign);
    }
  }
}
