import { assert } from "../core/errors.ts";
import { addTransposed, addUnmixed, mix, multiply } from "../math/products.ts";
import type { Examples, Mixture } from "../math/rows.ts";
import type { Problem } from "./problem.ts";

/** Examples whose mixtures were not formed. */
export type LazyMixtures = Examples & { readonly mixture: Mixture };

export function isLazy(examples: Examples): examples is LazyMixtures {
  return examples.mixture !== undefined;
}

/** Over S X without forming it: X'S' slopes(S (X w)). One output, a loss that is `mixable`. */
export function lossAndGradientOfMixtures(
  { lossAt, isQuadratic }: Problem,
  examples: LazyMixtures,
  weights: Float32Array,
  gradient: Float64Array<ArrayBuffer>,
): number {
  assert(isQuadratic, "a plan does not mix rows of such a loss");
  const { rows, mixture, targets } = examples;
  const predictions = mixed(examples, weights);
  const slopes = new Float64Array(mixture.rows);
  const loss = lossAt(predictions, targets, slopes);
  addTransposed(rows, addUnmixed(mixture, slopes, new Float64Array(rows.rows)), gradient);
  return loss;
}

/** The sum of squares of S X d, which is twice the loss of such predictions where targets are 0. */
export function lineSearchTermsOfMixtures(
  { lossAt, isQuadratic }: Problem,
  examples: LazyMixtures,
  direction: Float32Array,
) {
  assert(isQuadratic, "a plan does not mix rows of such a loss");
  const zeros = new Float32Array(examples.mixture.rows);
  return Float64Array.of(2 * lossAt(mixed(examples, direction), zeros));
}

function mixed({ rows, mixture }: LazyMixtures, weights: Float32Array): Float64Array<ArrayBuffer> {
  const raw = multiply(rows, weights, new Float64Array(rows.rows));
  return mix(mixture, raw, new Float64Array(mixture.rows));
}
