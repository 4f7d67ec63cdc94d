import type { OutputLoss } from "../../tfjs/trainer-contract.ts";
import type { Problem } from "../problem.ts";

/** A loss by its usual name: what it makes of outputs, and what it needs of targets. */
export interface NetworkLoss {
  readonly target: Problem["target"];
  /** What turns outputs into chances; the network's own last softmax or sigmoid is left to it. */
  readonly link?: "softmax" | "sigmoid";
  /** Of one row's outputs, an array of its own or a part of one; writes slopes where it may. */
  row(outputs: Float32Array, target: number, slopes: Float32Array | null): number;
}

export const lossNames = [
  "categoricalCrossentropy",
  "sparseCategoricalCrossentropy",
  "binaryCrossentropy",
  "meanSquaredError",
  "meanAbsoluteError",
  "huber",
] as const;

export type LossName = (typeof lossNames)[number];

/** Targets are numbers of classes, so that both cross-entropies are the same. */
const categorical: NetworkLoss = { target: "classes", link: "softmax", row: crossEntropy };

export const losses: Readonly<Record<LossName, NetworkLoss>> = {
  categoricalCrossentropy: categorical,
  sparseCategoricalCrossentropy: categorical,
  binaryCrossentropy: { target: "classes", link: "sigmoid", row: binary },
  meanSquaredError: { target: "numbers", row: each((error) => [error * error, 2 * error]) },
  meanAbsoluteError: {
    target: "numbers",
    row: each((error) => [Math.abs(error), Math.sign(error)]),
  },
  huber: {
    target: "numbers",
    row: each((error) =>
      Math.abs(error) <= 1
        ? [(error * error) / 2, error]
        : [Math.abs(error) - 0.5, Math.sign(error)],
    ),
  },
};

/**
 * The sum over rows of `outputs`, `width` numbers a position. Where a row has several positions,
 * each is to tell the next one's input, and the last the target: the mean over positions. Each
 * row as often as it counts.
 */
export function overRows(loss: NetworkLoss, positions: number, width: number): OutputLoss {
  return (outputs, targets, inputs, slopes, rowWeights) => {
    let sum = 0;
    for (let row = 0; row < targets.length; row++) {
      const weight = rowWeights?.[row] ?? 1;
      for (let position = 0; position < positions; position++) {
        const at = (row * positions + position) * width;
        const isLast = position === positions - 1;
        const target = isLast ? targets[row]! : inputs[row * positions + position + 1]!;
        const own = slopes === undefined ? null : slopes.subarray(at, at + width);
        sum += (weight * loss.row(outputs.subarray(at, at + width), target, own)) / positions;
        if (own !== null && (positions > 1 || weight !== 1))
          for (let i = 0; i < width; i++) own[i] = (weight * own[i]!) / positions;
      }
    }
    return sum;
  };
}

/** Of the row at hand: each is wanted twice. */
let powers = new Float64Array(0);

function crossEntropy(outputs: Float32Array, target: number, slopes: Float32Array | null): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < outputs.length; i++) largest = Math.max(largest, outputs[i]!);
  if (powers.length < outputs.length) powers = new Float64Array(outputs.length);
  let sum = 0;
  for (let i = 0; i < outputs.length; i++) {
    const power = Math.exp(outputs[i]! - largest);
    powers[i] = power;
    sum += power;
  }
  if (slopes !== null) {
    for (let i = 0; i < outputs.length; i++) slopes[i] = powers[i]! / sum;
    slopes[target]! -= 1;
  }
  return largest - outputs[target]! + Math.log(sum);
}

/** log(1 + exp(-m)) at the margin of the row's class; steady however large the margin. */
function binary(outputs: Float32Array, target: number, slopes: Float32Array | null): number {
  const output = outputs[0]!;
  const sign = target > 0 ? 1 : -1;
  const margin = sign * output;
  if (slopes !== null) slopes[0] = -sign / (1 + Math.exp(margin));
  return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
}

function each(of: (error: number) => readonly [loss: number, slope: number]): NetworkLoss["row"] {
  return (outputs, target, slopes) => {
    const [loss, slope] = of(outputs[0]! - target);
    if (slopes !== null) slopes[0] = slope;
    return loss;
  };
}
