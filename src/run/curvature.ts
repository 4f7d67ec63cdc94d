import { RunError } from "../core/errors.ts";
import { randomFrom } from "../core/random.ts";
import { sealedJson } from "../core/seals.ts";
import type { Prepared } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import { addTransposed, multiply } from "../math/products.ts";
import { addScaled, dot, norm, scaled } from "../math/vector.ts";
import type { Store } from "../ports/store.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { parseStored } from "../store-damage.ts";
import type { Effects } from "../store-effects.ts";
import { curvatureKey } from "../store-layout.ts";
import type { KnownCurvature } from "../strategies/definition.ts";
import { gramText } from "../strategies/rounds/curvature-metric.ts";
import { gramOf, groupsOf, type PartsPool, type PartsWork } from "./parts-pool.ts";
import { resolveMembers } from "./resolve-members.ts";

/** Whoever starts a run writes the curvature; the orchestrator reads it. */
export const curvatureEffects: Effects = { roles: ["orchestrator"], reads: ["prepared", "parts"] };

const stepsMax = 60;
const toleranceRelative = 0.01;

/**
 * Of so many dense numbers in so few columns X'X is formed in one pass, and the steps are its own.
 * Sizes alone decide, so that a run takes the same step, to the bit, wherever it runs.
 */
const gramEntriesMin = 2 ** 20;
const gramColumnsMax = 128;

/**
 * The largest eigenvalue of X'X/n over the training rows, from above: the power method's Rayleigh
 * quotient plus the norm of its residual, which bounds the distance to an eigenvalue. One pass over
 * the stored parts, by all that `pool` has, or else one a step; kept in the store, so each data set
 * pays once. Records hold it: a run goes on with the one that it began with.
 */
export async function largestEigenvalue(
  store: Store,
  prepared: Prepared,
  pool?: PartsPool,
): Promise<number> {
  const key = curvatureKey(prepared.digest);
  const stored = await store.read(key);
  const before = stored === null ? null : wholeValue(stored, key);
  if (before !== null) return before;
  const random = randomFrom(prepared.digest);
  let v = Float64Array.from({ length: prepared.columns }, () => random.normal());
  v = scaled(1 / norm(v), v);
  let value = 0;
  const isSmall = prepared.rows * prepared.columns < gramEntriesMin;
  const isByPasses = isSmall || prepared.preparation.sparse || prepared.columns > gramColumnsMax;
  const matrix = isByPasses ? null : await gramMatrix(store, prepared, pool);
  for (let step = 0; step < stepsMax; step++) {
    const image = matrix === null ? await gram(store, prepared, v) : applied(matrix, v);
    const quotient = dot(v, image);
    const residual = Math.sqrt(Math.max(0, dot(image, image) - quotient * quotient));
    value = quotient + residual;
    if (residual <= toleranceRelative * quotient) break;
    v = scaled(1 / norm(image), image);
  }
  await store.write(key, sealedJson(JSON.stringify({ value })));
  return value;
}

/** What a run's method needs to know of X'X/n before its first round. */
export async function knownCurvature(
  store: Store,
  spec: RunSpec,
  prepared: Prepared,
  pool?: PartsPool,
): Promise<KnownCurvature> {
  const { method, problem } = resolveMembers(spec);
  if (method.needsGram?.(spec, problem, prepared) === true) {
    const matrix = await gramMatrix(store, prepared, pool);
    return { largestEigenvalue: 0, gram: gramText(matrix, prepared.columns) };
  }
  const isNeeded = method.needsCurvature(spec);
  return { largestEigenvalue: isNeeded ? await largestEigenvalue(store, prepared, pool) : 0 };
}

/** X'X / n, row after row. */
async function gramMatrix(
  store: Store,
  { train, columns, rows }: Prepared,
  pool: PartsPool | undefined,
): Promise<Float64Array<ArrayBuffer>> {
  const work = { parts: train, columns };
  const sums = (await pool?.gram(work)) ?? (await gramSums(store, work));
  const out = new Float64Array(columns * columns);
  for (const sum of sums) addScaled(out, 1 / rows, sum);
  for (let i = 0; i < columns; i++)
    for (let j = 0; j < i; j++) out[i * columns + j] = out[j * columns + i]!;
  return out;
}

async function gramSums(store: Store, { parts, columns }: PartsWork) {
  const sums: Float64Array<ArrayBuffer>[] = [];
  for (const group of groupsOf(parts)) sums.push(await gramOf(store, { parts: group, columns }));
  return sums;
}

function applied(matrix: Float64Array, v: Float64Array): Float64Array<ArrayBuffer> {
  const columns = v.length;
  return Float64Array.from(v, (_, i) => dot(matrix.subarray(i * columns, (i + 1) * columns), v));
}

/** Null for a damaged one, which is computed anew. */
function wholeValue(bytes: Uint8Array, key: string): number | null {
  try {
    const { value } = parseStored<{ readonly value: unknown }>(bytes, key);
    return typeof value === "number" && value >= 0 ? value : null;
  } catch (thrown) {
    if (thrown instanceof RunError) return null;
    throw thrown;
  }
}

/** X'X v / n, each row as often as it counts. */
async function gram(
  store: Store,
  prepared: Prepared,
  v: Float64Array<ArrayBuffer>,
): Promise<Float64Array<ArrayBuffer>> {
  const out = new Float64Array(prepared.columns);
  for await (const { rows, weights } of eachPart(store, prepared.train, prepared.columns)) {
    const image = multiply(rows, v, new Float64Array(rows.rows));
    if (weights !== undefined) for (let i = 0; i < image.length; i++) image[i]! *= weights[i]!;
    addTransposed(rows, image, out);
  }
  return scaled(1 / prepared.rows, out);
}
