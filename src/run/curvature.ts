import { jsonBytes, parseJson } from "../core/json.ts";
import { randomFrom } from "../core/random.ts";
import type { Prepared } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import { addTransposed, multiply } from "../math/products.ts";
import { dot, norm, scaled } from "../math/vector.ts";
import type { Store } from "../ports/store.ts";
import type { Effects } from "../store-effects.ts";
import { curvatureKey } from "../store-layout.ts";

/** Whoever starts a run writes the curvature; the orchestrator reads it. */
export const curvatureEffects: Effects = { roles: ["orchestrator"], reads: ["prepared", "parts"] };

const stepsMax = 60;
const toleranceRelative = 0.01;

/**
 * The largest eigenvalue of X'X/n over the training rows, from above: the power method's Rayleigh
 * quotient plus the norm of its residual, which bounds the distance to an eigenvalue. One pass over
 * the stored parts a step; kept in the store, so each data set pays once.
 */
export async function largestEigenvalue(store: Store, prepared: Prepared): Promise<number> {
  const key = curvatureKey(prepared.digest);
  const stored = await store.read(key);
  if (stored !== null) return parseJson<{ value: number }>(stored, key).value;
  const random = randomFrom(prepared.digest);
  let v = Float64Array.from({ length: prepared.columns }, () => random.normal());
  v = scaled(1 / norm(v), v);
  let value = 0;
  for (let step = 0; step < stepsMax; step++) {
    const image = await gram(store, prepared, v);
    const quotient = dot(v, image);
    const residual = Math.sqrt(Math.max(0, dot(image, image) - quotient * quotient));
    value = quotient + residual;
    if (residual <= toleranceRelative * quotient) break;
    v = scaled(1 / norm(image), image);
  }
  await store.write(key, jsonBytes({ value }));
  return value;
}

/** X'X v / n. */
async function gram(
  store: Store,
  prepared: Prepared,
  v: Float64Array<ArrayBuffer>,
): Promise<Float64Array<ArrayBuffer>> {
  const out = new Float64Array(prepared.columns);
  for await (const { rows } of eachPart(store, prepared.train, prepared.columns)) {
    addTransposed(rows, multiply(rows, v, new Float64Array(rows.rows)), out);
  }
  return scaled(1 / prepared.rows, out);
}
