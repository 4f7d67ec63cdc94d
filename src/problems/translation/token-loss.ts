import { specialTokens } from "../../core/text.ts";

/** Sums over the tokens that are to be told; padding is none. */
export interface TokenSums {
  /** With label smoothing: what is minimised. */
  loss: number;
  /** Without: minus the logarithm of the right token's probability. */
  surprise: number;
  /** How often the right token had the highest score. */
  right: number;
  tokens: number;
}

/** How the scores of some rows are judged. */
export interface TokenLossOptions {
  /** Epsilon: the target is 1 - epsilon for the token plus epsilon / V for each of all V. */
  readonly labelSmoothing: number;
  /** Tokens that there are. */
  readonly tokens: number;
  /** What a token of each row counts in the loss; 1 where absent. */
  readonly factors?: ArrayLike<number>;
}

/**
 * Cross-entropy with label smoothing over scores [row, position, token], summed over tokens:
 * (1 - e) (log sum exp(s) - s_y) + e (log sum exp(s) - mean of s). The smoothed part is spread
 * over all tokens, the right one included, as torch does it: at e = .1 and V = 5 the right one has
 * .92. `slopes` is overwritten. Positions of padding have neither loss nor slope.
 */
export function tokenLoss(
  scores: Float32Array,
  labels: Int32Array,
  rows: number,
  { labelSmoothing, tokens: width, factors }: TokenLossOptions,
  slopes: Float32Array | null,
): TokenSums {
  const sums = { loss: 0, surprise: 0, right: 0, tokens: 0 };
  const length = labels.length / Math.max(1, rows);
  const spread = labelSmoothing / width;
  for (let place = 0; place < labels.length; place++) {
    const from = place * width;
    const target = labels[place]!;
    if (target === specialTokens.padding) {
      slopes?.fill(0, from, from + width);
      continue;
    }
    let largest = Number.NEGATIVE_INFINITY;
    let total = 0;
    let best = 0;
    for (let i = 0; i < width; i++) {
      const score = scores[from + i]!;
      total += score;
      if (score > largest) {
        largest = score;
        best = i;
      }
    }
    let sum = 0;
    for (let i = 0; i < width; i++) {
      const power = Math.exp(scores[from + i]! - largest);
      if (slopes !== null) slopes[from + i] = power;
      sum += power;
    }
    const whole = largest + Math.log(sum);
    const surprise = whole - scores[from + target]!;
    const factor = factors?.[Math.floor(place / length)] ?? 1;
    sums.loss +=
      factor * ((1 - labelSmoothing) * surprise + labelSmoothing * (whole - total / width));
    sums.surprise += surprise;
    sums.right += best === target ? 1 : 0;
    sums.tokens++;
    if (slopes === null) continue;
    for (let i = 0; i < width; i++) slopes[from + i] = factor * (slopes[from + i]! / sum - spread);
    slopes[from + target]! -= factor * (1 - labelSmoothing);
  }
  return sums;
}

/** Scores of tokens to logarithms of their probabilities, a block of `width` each. */
export function logProbabilities(scores: Float32Array, width: number): Float32Array {
  const out = new Float32Array(scores.length);
  for (let from = 0; from < scores.length; from += width) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < width; i++) largest = Math.max(largest, scores[from + i]!);
    let sum = 0;
    for (let i = 0; i < width; i++) sum += Math.exp(scores[from + i]! - largest);
    const whole = largest + Math.log(sum);
    for (let i = 0; i < width; i++) out[from + i] = scores[from + i]! - whole;
  }
  return out;
}
