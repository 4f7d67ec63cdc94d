import { classShareNumbers } from "../../model-parallel/split-layers.ts";
import type { OutputLoss } from "../../tfjs/trainer-contract.ts";

/**
 * The cross-entropy of classes whose scores several workers have, by what each tells of its own:
 * see `ClassShare` of kofn's layers. Over `classes` in all; with label smoothing the target is
 * 1 - epsilon for the right one plus epsilon / classes for every one of all workers' classes.
 */
export function overClassShares(
  positions: number,
  classes: number,
  labelSmoothing = 0,
): OutputLoss {
  const spread = labelSmoothing / classes;
  return (outputs, targets, _inputs, slopes) => {
    const count = targets.length * positions;
    const shares = outputs.length / count / classShareNumbers;
    let sum = 0;
    for (let at = 0; at < count; at++) {
      const from = at * shares * classShareNumbers;
      const told = (share: number, number: number) =>
        outputs[from + share * classShareNumbers + number]!;
      let largest = Number.NEGATIVE_INFINITY;
      for (let share = 0; share < shares; share++) largest = Math.max(largest, told(share, 0));
      let [powers, right, scores] = [0, 0, 0];
      for (let share = 0; share < shares; share++) {
        powers += Math.exp(told(share, 0) - largest);
        right += told(share, 1);
        scores += told(share, 4);
      }
      const whole = largest + Math.log(powers);
      sum += (whole - (1 - labelSmoothing) * right - spread * scores) / positions;
      if (slopes === undefined) continue;
      for (let share = 0; share < shares; share++) {
        const own = [Math.exp(told(share, 0) - whole), labelSmoothing - 1, 0, 0, -spread];
        for (const [number, slope] of own.entries())
          slopes[from + share * classShareNumbers + number] = slope / positions;
      }
    }
    return sum;
  };
}

/** At how many positions the class of the largest score of all workers is the right one. */
export function hitsOfShares(
  outputs: Float32Array,
  classOf: (at: number) => number,
  count: number,
) {
  const width = outputs.length / count;
  let right = 0;
  for (let at = 0; at < count; at++) {
    let best = at * width;
    for (let from = best; from < (at + 1) * width; from += classShareNumbers)
      if (outputs[from + 2]! > outputs[best + 2]!) best = from;
    if (outputs[best + 3] === classOf(at)) right++;
  }
  return right;
}
