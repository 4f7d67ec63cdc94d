import type { Prepared } from "../../data/manifests.ts";
import type { WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";

/**
 * Where features are not standardised, searchers step in the weights v of features that are:
 * x'w + b = z'v + c with z_j = (x_j - m_j) / s_j, so w_j = v_j / s_j and b = c - sum of m_j w_j.
 * The objective, its optimum and what workers compute stay the same; the way there is straighter.
 */
export interface Scaling {
  /** m, by feature; zeros where there is no intercept to take them up. */
  readonly means: Float64Array<ArrayBuffer>;
  /** s: the root of a feature's part of the curvature, the l2 penalty's included. */
  readonly spreads: Float64Array<ArrayBuffer>;
  readonly shape: WeightShape;
}

/** Null where features are standardised already, or predictions not linear. */
export function scalingOf(
  problem: Problem,
  { scales, columns, preparation }: Prepared,
): Scaling | null {
  if (scales === undefined || problem.predict !== undefined || problem.parameters !== undefined)
    return null;
  const { intercept } = preparation;
  const floor = problem.l2 / problem.smoothness(1);
  const spreads = Float64Array.from(scales.deviations, (deviation, j) => {
    const mean = intercept ? 0 : scales.means[j]!;
    return Math.sqrt(deviation * deviation + mean * mean + floor);
  });
  const means = Float64Array.from(scales.means, (mean) => (intercept ? mean : 0));
  return { means, spreads, shape: { columns, intercept } };
}

type Values = Float32Array | Float64Array;

/** The gradient in v of what has this gradient in w. */
export function scaledGradient(scaling: Scaling | null, gradient: Values) {
  const out = Float64Array.from(gradient);
  eachOutput(scaling, out, ({ means, spreads }, block, last) => {
    const common = last < 0 ? 0 : block[last]!;
    for (let j = 0; j < spreads.length; j++)
      block[j] = (block[j]! - means[j]! * common) / spreads[j]!;
  });
  return out;
}

/** The change of v that this change of w is. */
export function scaledChange(scaling: Scaling | null, change: Values) {
  const out = Float64Array.from(change);
  eachOutput(scaling, out, ({ means, spreads }, block, last) => {
    for (let j = 0; j < spreads.length; j++) {
      if (last >= 0) block[last]! += means[j]! * block[j]!;
      block[j]! *= spreads[j]!;
    }
  });
  return out;
}

/** The change of w that this change of v is. */
export function unscaledChange(scaling: Scaling | null, change: Values) {
  const out = Float64Array.from(change);
  eachOutput(scaling, out, ({ means, spreads }, block, last) => {
    for (let j = 0; j < spreads.length; j++) {
      block[j]! /= spreads[j]!;
      if (last >= 0) block[last]! -= means[j]! * block[j]!;
    }
  });
  return out;
}

/** Each output's weights, and where among them the intercept is; -1 for none. */
function eachOutput(
  scaling: Scaling | null,
  values: Float64Array<ArrayBuffer>,
  visit: (scaling: Scaling, block: Float64Array<ArrayBuffer>, last: number) => void,
): void {
  if (scaling === null) return;
  const { columns, intercept } = scaling.shape;
  for (let from = 0; from < values.length; from += columns)
    visit(scaling, values.subarray(from, from + columns), intercept ? columns - 1 : -1);
}
