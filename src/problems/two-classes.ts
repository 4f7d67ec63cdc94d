import { predictLinear } from "./linear.ts";
import type { Problem } from "./problem.ts";

/** Tally and metrics of a loss over margins whose sign tells the class; `name` is the loss's. */
export function twoClasses(
  lossAt: Problem["lossAt"],
  name: string,
): Pick<Problem, "tally" | "metrics"> {
  return {
    tally({ rows, targets }, weights, _about, auc) {
      const margins = predictLinear(rows, weights);
      auc?.addAll(margins, targets);
      let right = 0;
      for (let i = 0; i < margins.length; i++) if (margins[i]! > 0 === targets[i]! > 0) right++;
      return Float64Array.of(margins.length, lossAt(margins, targets), right);
    },
    metrics(tally) {
      const [count, loss, right] = tally as unknown as [number, number, number];
      const meanLoss = loss / count;
      return { meanLoss, metrics: { accuracy: right / count, [name]: meanLoss } };
    },
  };
}
