import type { Examples, Rows } from "../rows.ts";
import { type KernelTask, kernelStorages, operations, writeTask } from "./task.ts";
import { workOnStripes } from "./threads.ts";
import { type WasmMatrix, wasmMatrixOf } from "./wasm-matrix.ts";

/** Losses over a linear prediction that a pass knows how to take the slope of. */
export type FusedLoss = "leastSquares" | "logistic";

/**
 * The sum of losses at `weights`, the sum of their gradients added to `gradient`, in one pass over
 * the rows; null where the rows are not in a kernel's memory and so the plain products must do.
 * Dense rows: products in float32, at most 33 of them summed before they join a double sum, so the
 * sums are within 2.1e-6 of the sum of the absolute terms (docs/kernels.md); mostly 1e-8.
 * Sparse rows: double precision throughout.
 */
export function lossAndGradientFused(
  loss: FusedLoss,
  { rows, targets, weights: counts }: Examples,
  weights: Float32Array,
  gradient: Float64Array,
): number | null {
  const home = wasmMatrixOf(rows);
  if (home === undefined) return null;
  const { memory, places } = home;
  new Float32Array(memory, places.weights, rows.columns).set(weights);
  new Float32Array(memory, places.targets, rows.rows).set(targets);
  if (counts !== undefined) new Float32Array(memory, places.counts, rows.rows).set(counts);
  const stripes = pass(home, rows, operations[loss], counts !== undefined);
  addSums(home, stripes, gradient);
  const losses = new Float64Array(memory, places.losses, stripes);
  return losses.reduce((total, one) => total + one, 0);
}

/** `out` = X w by the kernels; null where the plain product must do. */
export function multiplyResident(
  rows: Rows,
  weights: Float32Array | Float64Array,
  out: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> | null {
  const home = wasmMatrixOf(rows);
  if (home === undefined || weights instanceof Float64Array) return null;
  const { memory, places } = home;
  new Float32Array(memory, places.weights, rows.columns).set(weights);
  pass(home, rows, operations.margins);
  out.set(new Float64Array(memory, places.margins, rows.rows));
  return out;
}

/** `out` += X' r by the kernels; null where the plain product must do. */
export function addTransposedResident(
  rows: Rows,
  r: Float64Array,
  out: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> | null {
  const home = wasmMatrixOf(rows);
  if (home === undefined) return null;
  new Float64Array(home.memory, home.places.margins, rows.rows).set(r.subarray(0, rows.rows));
  addSums(home, pass(home, rows, operations.combine), out);
  return out;
}

/** One pass over some of a home's rows; how many stripes it was. */
function pass(
  home: WasmMatrix,
  rows: Rows,
  operation: KernelTask["operation"],
  counted = false,
): number {
  const { memory, places, stripeRows } = home;
  if (rows.kind === "sparse")
    new Uint32Array(memory, places.offsets, rows.rows + 1).set(rows.offsets);
  writeTask(memory, places.task, {
    ...places,
    storage: home.storage,
    operation,
    rows: rows.rows,
    columns: rows.columns,
    stripeRows,
    scales: home.storage === kernelStorages.int8 ? places.scales : 0,
    counts: counted ? places.counts : 0,
    values: isPacked(home) ? places.values : rows.values.byteOffset,
    indices: rows.kind === "sparse" ? rows.indices.byteOffset : 0,
  });
  const stripes = Math.ceil(rows.rows / stripeRows);
  workOnStripes(home, stripes);
  return stripes;
}

/** Adds the stripes' sums to `out`, in order. */
function addSums(
  { memory, places, columns }: WasmMatrix,
  stripes: number,
  out: Float64Array,
): void {
  const sums = new Float64Array(memory, places.sums, stripes * columns);
  for (let stripe = 0; stripe < stripes; stripe++) {
    const from = stripe * columns;
    for (let j = 0; j < columns; j++) out[j]! += sums[from + j]!;
  }
}

/** Packed rows are always all of a home's; of others some may be a part. */
function isPacked({ storage }: WasmMatrix): boolean {
  return storage === kernelStorages.bfloat16 || storage === kernelStorages.int8;
}
